// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * What the leading keywords of a statement say: its kind, and where the query inside it begins.
 *
 * <p>Reusable; works on the {@link TokenList} it was made with.
 */
final class StatementHead {
    /** A statement wrapped in more of these is none PostgreSQL takes, or none worth reading. */
    private static final int NESTING_MAX = 64;

    private final TokenList tokens;
    private int nesting;
    private StatementKind kind = StatementKind.OTHER;
    private StatementKind queryKind = StatementKind.OTHER;
    private boolean readsOnly;
    private int queryStart;

    StatementHead(TokenList tokens) {
        this.tokens = tokens;
    }

    /** Reads the head of what the token list holds now. */
    void read() {
        readsOnly = false;
        queryStart = 0;
        queryKind = StatementKind.OTHER;
        nesting = 0;
        kind = kindAt(0);
        if (!wrapsQuery()) {
            queryKind = kind;
        }
    }

    private boolean wrapsQuery() {
        return kind == StatementKind.EXPLAIN || kind == StatementKind.DECLARE_CURSOR || kind == StatementKind.COPY_OUT;
    }

    StatementKind kind() {
        return kind;
    }

    /** Returns the kind of the statement inside {@code EXPLAIN}, {@code DECLARE} or {@code COPY}; of any other statement its own. */
    StatementKind queryKind() {
        return queryKind;
    }

    /** Returns true when, as far as the head tells, the statement only reads: the query must still be looked through. */
    boolean readsOnly() {
        return readsOnly;
    }

    /** Returns the index of the first token of the query that the statement runs. */
    int queryStart() {
        return queryStart;
    }

    /** Returns the index of the word EXECUTE when the statement runs a prepared one, be it within EXPLAIN or CREATE TABLE AS; else -1. */
    int execute() {
        int i = tokens.isWord(0, "explain") ? behindExplain(0) : 0;
        if (tokens.isWord(i, "create")) {
            while (i < tokens.size() && !tokens.isWord(i, "as")) {
                i = tokens.isCharacter(i, '(') ? tokens.behindGroup(i) : i + 1;
            }
            i++;
        }
        return tokens.isWord(i, "execute") ? i : -1;
    }

    private StatementKind kindAt(int first) {
        int i = first;
        while (tokens.isCharacter(i, '(')) {
            i++;
        }
        if (tokens.token(i) != Token.IDENTIFIER || ++nesting > NESTING_MAX) {
            return StatementKind.OTHER;
        }
        boolean parenthesized = i > first;
        String word = tokens.name(i);
        switch (word) {
            case "select", "values", "table":
                return query(word, first);
            case "with":
                return with(i, first);
            default:
                return parenthesized ? StatementKind.OTHER : command(word, i);
        }
    }

    private StatementKind query(String word, int first) {
        readsOnly = true;
        queryStart = first;
        return switch (word) {
            case "values" -> StatementKind.VALUES;
            case "table" -> StatementKind.TABLE;
            default -> StatementKind.SELECT;
        };
    }

    /** Reads over the common table expressions to the main statement. */
    private StatementKind with(int with, int first) {
        int i = tokens.isWord(with + 1, "recursive") ? with + 2 : with + 1;
        while (tokens.token(i).isName()) {
            i++;
            if (tokens.isCharacter(i, '(')) {
                i = tokens.behindGroup(i);
            }
            if (!tokens.isWord(i, "as")) {
                return StatementKind.OTHER;
            }
            i++;
            if (tokens.isWord(i, "not")) {
                i++;
            }
            if (tokens.isWord(i, "materialized")) {
                i++;
            }
            if (!tokens.isCharacter(i, '(')) {
                return StatementKind.OTHER;
            }
            i = behindSearchAndCycle(tokens.behindGroup(i));
            if (!tokens.isCharacter(i, ',')) {
                StatementKind main = kindAt(i);
                queryStart = first;
                return main;
            }
            i++;
        }
        return StatementKind.OTHER;
    }

    private int behindSearchAndCycle(int from) {
        int i = from;
        if (tokens.isWord(i, "search")) {
            while (i < tokens.size() && !tokens.isWord(i, "set")) {
                i++;
            }
            i += 2;
        }
        if (tokens.isWord(i, "cycle")) {
            while (i < tokens.size() && !tokens.isWord(i, "using")) {
                i++;
            }
            i += 2;
        }
        return i;
    }

    private StatementKind command(String word, int i) {
        return switch (word) {
            case "insert" -> StatementKind.INSERT;
            case "update" -> StatementKind.UPDATE;
            case "delete" -> StatementKind.DELETE;
            case "merge" -> StatementKind.MERGE;
            case "begin", "start" -> StatementKind.BEGIN;
            case "commit", "end" -> commit(i);
            case "rollback", "abort" -> rollback(i);
            case "savepoint" -> StatementKind.SAVEPOINT;
            case "release" -> StatementKind.RELEASE_SAVEPOINT;
            case "set" -> SetHead.kind(tokens, i);
            case "reset" -> StatementKind.RESET;
            case "show" -> StatementKind.SHOW;
            case "prepare" -> prepare(i);
            case "execute" -> StatementKind.EXECUTE;
            case "deallocate" -> StatementKind.DEALLOCATE;
            case "discard" -> StatementKind.DISCARD;
            case "listen" -> StatementKind.LISTEN;
            case "unlisten" -> StatementKind.UNLISTEN;
            case "notify" -> StatementKind.NOTIFY;
            case "copy" -> copy(i);
            case "declare" -> declare(i);
            case "fetch" -> StatementKind.FETCH;
            case "move" -> StatementKind.MOVE;
            case "close" -> StatementKind.CLOSE_CURSOR;
            case "explain" -> explain(i);
            case "lock" -> StatementKind.LOCK;
            case "call" -> StatementKind.CALL;
            case "do" -> StatementKind.DO;
            case "load" -> StatementKind.LOAD;
            case "truncate" -> StatementKind.TRUNCATE;
            case "create", "alter", "drop", "grant", "revoke", "comment", "security", "import", "reassign" ->
                StatementKind.DDL;
            case "vacuum", "analyze", "analyse", "cluster", "reindex", "checkpoint", "refresh", "repack" ->
                StatementKind.MAINTENANCE;
            default -> StatementKind.OTHER;
        };
    }

    private int behindWork(int i) {
        return tokens.isWord(i + 1, "work", "transaction") ? i + 2 : i + 1;
    }

    private StatementKind commit(int i) {
        if (tokens.isWord(i + 1, "prepared")) {
            return StatementKind.COMMIT_PREPARED;
        }
        int k = behindWork(i);
        return tokens.isSequence(k, "and", "chain") ? StatementKind.COMMIT_AND_CHAIN : StatementKind.COMMIT;
    }

    private StatementKind rollback(int i) {
        if (tokens.isWord(i + 1, "prepared")) {
            return StatementKind.ROLLBACK_PREPARED;
        }
        int k = behindWork(i);
        if (tokens.isWord(k, "to")) {
            return StatementKind.ROLLBACK_TO_SAVEPOINT;
        }
        return tokens.isSequence(k, "and", "chain") ? StatementKind.ROLLBACK_AND_CHAIN : StatementKind.ROLLBACK;
    }

    private StatementKind prepare(int i) {
        // A statement may be named "transaction", so the word alone does not tell.
        boolean transaction =
                tokens.isWord(i + 1, "transaction") && tokens.token(i + 2).isLiteral();
        return transaction ? StatementKind.PREPARE_TRANSACTION : StatementKind.PREPARE;
    }

    private StatementKind copy(int copy) {
        int i = copy + 1;
        int depth = 0;
        boolean ofQuery = tokens.isCharacter(i, '(');
        for (; i < tokens.size(); i++) {
            if (tokens.isCharacter(i, '(')) {
                depth++;
            } else if (tokens.isCharacter(i, ')')) {
                depth--;
            } else if (depth == 0 && tokens.isWord(i, "from", "to")) {
                break;
            }
        }
        if (!tokens.isWord(i + 1, "stdin", "stdout")) {
            return StatementKind.COPY_ON_SERVER;
        }
        if (tokens.isWord(i, "from")) {
            return StatementKind.COPY_IN;
        }
        if (ofQuery) {
            queryKind = kindAt(copy + 1);
        } else {
            readsOnly = true;
            queryKind = StatementKind.TABLE;
        }
        queryStart = copy + 1;
        return StatementKind.COPY_OUT;
    }

    private StatementKind declare(int declare) {
        int i = declare + 2;
        while (i < tokens.size() && !tokens.isWord(i, "for")) {
            i++;
        }
        queryKind = kindAt(i + 1);
        queryStart = i + 1;
        return StatementKind.DECLARE_CURSOR;
    }

    private StatementKind explain(int explain) {
        int i = behindExplain(explain);
        StatementKind inner = kindAt(i);
        readsOnly &= inner == StatementKind.SELECT || inner == StatementKind.VALUES || inner == StatementKind.TABLE;
        queryStart = i;
        queryKind = inner;
        return StatementKind.EXPLAIN;
    }

    private int behindExplain(int explain) {
        int i = explain + 1;
        if (tokens.isCharacter(i, '(')
                && !tokens.isWord(i + 1, "select", "with", "values", "table")
                && !tokens.isCharacter(i + 1, '(')) {
            return tokens.behindGroup(i);
        }
        while (tokens.isWord(i, "analyze", "analyse", "verbose")) {
            i++;
        }
        return i;
    }
}
