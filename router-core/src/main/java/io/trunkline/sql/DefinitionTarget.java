// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * What a statement that is no query defines or works on: where the name of its object stands, and what kind of name it is.
 *
 * <p>Known are the forms whose object is in a schema, or is a schema. Everything else is {@link Kind#OTHER}.
 *
 * @param index of the first token of the name
 */
record DefinitionTarget(Kind kind, int index) {
    /** What stands at the index. */
    enum Kind {
        /** The statement is a query: the relations in it are all there is. */
        NONE,
        /** A relation, type or function that exists, found by the search path when it has no schema. */
        RELATION,
        /** As that, but one that is made, or no relation: without a schema it may be in any of the search path. */
        OF_SCHEMA,
        /** A list of schemas. */
        SCHEMAS,
        /** Something else, or something unknown. */
        OTHER
    }

    private static final DefinitionTarget NONE = new DefinitionTarget(Kind.NONE, 0);
    private static final DefinitionTarget OTHER = new DefinitionTarget(Kind.OTHER, 0);
    private static final Set<String> RELATIONS = Set.of("table", "view", "sequence", "index");
    private static final Set<String> OTHERS_IN_SCHEMA =
            Set.of("type", "domain", "function", "procedure", "routine", "aggregate");
    /** Objects that belong to the table behind {@code ON}. */
    private static final Set<String> OF_TABLE = Set.of("trigger", "policy", "constraint");

    /** Returns what the statement of these tokens is about. */
    static DefinitionTarget of(TokenList tokens, StatementHead head) {
        return switch (head.kind()) {
            case SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, DECLARE_CURSOR, EXPLAIN -> ofQuery(head.queryKind());
            case COPY_IN, COPY_OUT, COPY_ON_SERVER ->
                tokens.isCharacter(1, '(') ? NONE : new DefinitionTarget(Kind.RELATION, 1);
            case CALL -> new DefinitionTarget(Kind.OF_SCHEMA, 1);
            case MERGE -> behindWord(tokens, 0, "into");
            case TRUNCATE, LOCK -> new DefinitionTarget(Kind.RELATION, behind(tokens, 1, "table", "only"));
            case MAINTENANCE -> ofMaintenance(tokens);
            case DDL -> ofDefinition(tokens);
            default -> OTHER;
        };
    }

    private static DefinitionTarget ofQuery(StatementKind kind) {
        return switch (kind) {
            case SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE -> NONE;
            default -> OTHER;
        };
    }

    private static DefinitionTarget ofMaintenance(TokenList tokens) {
        int i = tokens.isCharacter(1, '(') ? tokens.behindGroup(1) : 1;
        i = behind(tokens, i, "full", "freeze", "verbose", "analyze", "analyse", "materialized", "view");
        boolean schema = tokens.isWord(0, "reindex") && tokens.isWord(i, "schema");
        i = behind(tokens, i, "table", "index", "schema", "concurrently", "only");
        return tokens.isWord(0, "checkpoint") || tokens.isWord(0, "reindex") && tokens.isWord(i, "database", "system")
                ? OTHER
                : new DefinitionTarget(schema ? Kind.SCHEMAS : Kind.RELATION, i);
    }

    private static DefinitionTarget ofDefinition(TokenList tokens) {
        if (tokens.isWord(0, "create")) {
            return ofCreate(tokens);
        }
        if (tokens.isWord(0, "alter", "drop")) {
            return ofChange(tokens);
        }
        if (tokens.isWord(0, "grant", "revoke")) {
            int on = behindWord(tokens, 0, "on").index();
            return on == 0 ? OTHER : ofNamed(tokens, on);
        }
        return tokens.isSequence(0, "comment", "on") ? ofNamed(tokens, 2) : OTHER;
    }

    private static DefinitionTarget ofCreate(TokenList tokens) {
        int i = behind(tokens, 1, "or", "replace", "unlogged", "recursive", "unique", "materialized", "constraint");
        boolean temporary = tokens.isWord(i, "temp", "temporary", "local");
        i = behind(tokens, i, "local", "temp", "temporary", "recursive");
        if (tokens.isWord(i, "schema")) {
            int name = behind(tokens, i + 1, "if", "not", "exists");
            // Objects in the same statement go into the new schema, whatever the search path says.
            boolean alone =
                    tokens.size() == name + 1 || tokens.isWord(name + 1, "authorization") && tokens.size() == name + 3;
            return alone && !tokens.isWord(name, "authorization") ? new DefinitionTarget(Kind.SCHEMAS, name) : OTHER;
        }
        if (tokens.isWord(i, "index", "trigger", "policy")) {
            return behindWord(tokens, i, "on");
        }
        if (!isKind(tokens, i, RELATIONS) && !isKind(tokens, i, OTHERS_IN_SCHEMA)) {
            return OTHER;
        }
        int name = behind(tokens, i + 1, "if", "not", "exists");
        return new DefinitionTarget(temporary ? Kind.RELATION : Kind.OF_SCHEMA, name);
    }

    private static DefinitionTarget ofChange(TokenList tokens) {
        int i = behind(tokens, 1, "materialized");
        boolean drop = tokens.isWord(0, "drop");
        if (tokens.isWord(i, "schema")) {
            int name = behind(tokens, i + 1, "if", "exists");
            return drop || tokens.isSequence(name + 1, "owner", "to")
                    ? new DefinitionTarget(Kind.SCHEMAS, name)
                    : OTHER;
        }
        if (isKind(tokens, i, OF_TABLE)) {
            return behindWord(tokens, i, "on");
        }
        // What moves into another schema may leave the shard's, and "ALL IN TABLESPACE" has no schema.
        if (contains(tokens, "set", "schema") || tokens.isWord(i + 1, "all")) {
            return OTHER;
        }
        int name = behind(tokens, i + 1, "concurrently", "if", "exists", "only");
        if (isKind(tokens, i, RELATIONS)) {
            return new DefinitionTarget(Kind.RELATION, name);
        }
        boolean several = drop && isList(tokens, name);
        return isKind(tokens, i, OTHERS_IN_SCHEMA) && !several ? new DefinitionTarget(Kind.OF_SCHEMA, name) : OTHER;
    }

    /** GRANT, REVOKE and COMMENT name the kind of the object in front of it; a table may go without. */
    private static DefinitionTarget ofNamed(TokenList tokens, int from) {
        int i = behind(tokens, from, "materialized");
        if (tokens.isWord(i, "schema")) {
            return new DefinitionTarget(Kind.SCHEMAS, i + 1);
        }
        if (tokens.isWord(i, "all") && tokens.isSequence(i + 2, "in", "schema")) {
            return new DefinitionTarget(Kind.SCHEMAS, i + 4);
        }
        if (isKind(tokens, i, OF_TABLE)) {
            return behindWord(tokens, i, "on");
        }
        if (isKind(tokens, i, RELATIONS) || tokens.isWord(i, "column")) {
            return new DefinitionTarget(Kind.RELATION, i + 1);
        }
        if (isKind(tokens, i, OTHERS_IN_SCHEMA)) {
            return isList(tokens, i + 1) ? OTHER : new DefinitionTarget(Kind.OF_SCHEMA, i + 1);
        }
        boolean named = tokens.isCharacter(tokens.behindEscape(i), '.') || tokens.isWord(i + 1, "to", "from");
        return named ? new DefinitionTarget(Kind.RELATION, i) : OTHER;
    }

    private static boolean isKind(TokenList tokens, int i, Set<String> kinds) {
        return tokens.token(i) == Token.IDENTIFIER && kinds.contains(tokens.name(i));
    }

    /** Returns true when a comma stands outside of parentheses, at or behind an index. */
    private static boolean isList(TokenList tokens, int from) {
        int i = from;
        while (i < tokens.size()) {
            if (tokens.isCharacter(i, ',')) {
                return true;
            }
            i = tokens.isCharacter(i, '(') ? tokens.behindGroup(i) : i + 1;
        }
        return false;
    }

    private static boolean contains(TokenList tokens, String... words) {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isSequence(i, words)) {
                return true;
            }
        }
        return false;
    }

    private static int behind(TokenList tokens, int from, String first, String... others) {
        int i = from;
        while (tokens.isWord(i, first, others)) {
            i++;
        }
        return i;
    }

    /** The relation behind the first such word outside of parentheses, at or behind an index. */
    private static DefinitionTarget behindWord(TokenList tokens, int from, String word) {
        int i = from;
        while (i < tokens.size()) {
            if (tokens.isWord(i, word)) {
                return new DefinitionTarget(Kind.RELATION, behind(tokens, i + 1, "only"));
            }
            i = tokens.isCharacter(i, '(') ? tokens.behindGroup(i) : i + 1;
        }
        return OTHER;
    }
}
