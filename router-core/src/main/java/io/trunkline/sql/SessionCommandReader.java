// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.trunkline.sql.SessionCommand.Discarded;
import io.trunkline.sql.SessionCommand.Scope;
import io.trunkline.sql.SessionCommand.StatementName;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the one statement behind a {@link SessionCommand}. */
final class SessionCommandReader {
    private static final int BEGINNING_BYTES = 1_024;

    private final TokenList tokens = new TokenList();

    private SessionCommandReader() {}

    static SessionCommand read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        SessionCommandReader reader = new SessionCommandReader();
        reader.tokens.read(text, start, end, standardConformingStrings);
        if (reader.tokens.isCutOff()) {
            return new SessionCommand.Other();
        }
        if (ByteBufUtil.isText(text, start, end - start, StandardCharsets.UTF_8)) {
            return reader.command();
        }
        // Of these only the name is read; their values may be in another encoding.
        SessionCommand command = reader.statementCommand();
        return command instanceof SessionCommand.Other
                ? new SessionCommand.Untracked("the statement is not in UTF-8")
                : command;
    }

    static SessionCommand.@Nullable Execute readBeginning(
            ByteBuf text, int start, int end, boolean standardConformingStrings) {
        SessionCommandReader reader = new SessionCommandReader();
        TokenList tokens = reader.tokens;
        // Enough for the longest name, and few enough for a text of any length.
        int cut = Math.min(end, start + BEGINNING_BYTES);
        tokens.read(text, start, cut, standardConformingStrings);
        if (!tokens.isWord(0, "execute") || tokens.size() < 3) {
            return null;
        }
        StatementName name = reader.statementName(1);
        if (name == null) {
            return null;
        }
        // Beyond ASCII a byte may be half of a character.
        boolean readable = text.forEachByte(start, name.end() - start, value -> value >= 0) < 0;
        return readable ? new SessionCommand.Execute(name) : null;
    }

    private SessionCommand command() {
        if (tokens.token(0) != Token.IDENTIFIER) {
            return new SessionCommand.Other();
        }
        return switch (tokens.name(0)) {
            case "set" -> set();
            case "reset" -> reset();
            case "show" -> show();
            case "discard" -> discard();
            case "deallocate", "prepare", "execute", "explain", "create" -> statementCommand();
            case "savepoint" -> named(1) ? new SessionCommand.Savepoint(tokens.name(1)) : new SessionCommand.Other();
            case "release" -> release();
            case "rollback", "abort" -> rollback();
            case "listen" -> isChannel() ? new SessionCommand.Listen(tokens.name(1)) : new SessionCommand.Other();
            case "unlisten" -> unlisten();
            case "close" -> close();
            case "declare" -> named(1) ? new SessionCommand.DeclareCursor(tokens.name(1)) : new SessionCommand.Other();
            case "fetch", "move" -> new FetchReader(tokens).read();
            default -> new SessionCommand.Other();
        };
    }

    private boolean named(int i) {
        return tokens.token(i).isName();
    }

    // SET

    private SessionCommand set() {
        int i = SetHead.behindScope(tokens, 0);
        Scope scope = i == 2 && tokens.isWord(1, "local") ? Scope.LOCAL : Scope.SESSION;
        return switch (SetHead.kind(tokens, 0)) {
            case SET_TRANSACTION -> new SessionCommand.SetTransaction(mode(StatementKind.SET_TRANSACTION));
            case SET_SESSION_CHARACTERISTICS -> characteristics(i);
            case SET_SESSION_AUTHORIZATION -> value("session_authorization", i + 2, scope);
            case SET_ROLE -> value("role", i + 1, scope);
            case SET -> parameter(i, scope);
            default -> new SessionCommand.Other();
        };
    }

    private TransactionMode mode(StatementKind kind) {
        return new TransactionModeReader(tokens).read(kind);
    }

    private SessionCommand characteristics(int session) {
        // SESSION CHARACTERISTICS AS TRANSACTION mode ...
        int modes = session + 4;
        if (modes >= tokens.size()) {
            return new SessionCommand.Other();
        }
        return new SessionCommand.SetSessionCharacteristics(
                mode(StatementKind.SET_SESSION_CHARACTERISTICS), new TransactionModeReader(tokens).defaults());
    }

    private SessionCommand parameter(int first, Scope scope) {
        if (!SetHead.isAssignment(tokens, first + 1)) {
            SessionCommand special = specialSyntax(first, scope);
            if (special != null) {
                return special;
            }
        }
        int i = behindParameterName(first);
        if (i < 0) {
            return new SessionCommand.Other();
        }
        String name = parameterName(first, i);
        if (tokens.isSequence(i, "from", "current")) {
            return new SessionCommand.Untracked("SET " + name + " FROM CURRENT");
        }
        boolean assigned = tokens.isCharacter(i, '=') || tokens.isWord(i, "to");
        return assigned ? value(name, i + 1, scope) : new SessionCommand.Other();
    }

    private @Nullable SessionCommand specialSyntax(int i, Scope scope) {
        if (tokens.isSequence(i, "time", "zone")) {
            return timeZone(i + 2, scope);
        }
        if (tokens.isWord(i, "names")) {
            return i + 1 == tokens.size()
                    ? new SessionCommand.Reset("client_encoding", scope)
                    : value("client_encoding", i + 1, scope);
        }
        if (tokens.isWord(i, "schema")) {
            return value("search_path", i + 1, scope);
        }
        if (tokens.isSequence(i, "xml", "option")) {
            return value("xmloption", i + 2, scope);
        }
        return null;
    }

    private SessionCommand timeZone(int i, Scope scope) {
        if (tokens.isWord(i, "local")) {
            return new SessionCommand.Reset("timezone", scope);
        }
        if (!tokens.isWord(i, "interval")) {
            return value("timezone", i, scope);
        }
        // PostgreSQL keeps the interval as the text INTERVAL '...', which the parameter's own syntax takes as a string.
        if (i + 2 == tokens.size() && tokens.token(i + 1) == Token.STRING) {
            String quotedTwice = tokens.raw(i + 1).replace("'", "''");
            return new SessionCommand.Set("timezone", "'INTERVAL " + quotedTwice + "'", scope);
        }
        return new SessionCommand.Untracked("SET TIME ZONE with an interval of restricted fields");
    }

    /** Returns the index behind a possibly qualified parameter name, or -1. */
    private int behindParameterName(int first) {
        int i = first;
        while (named(i)) {
            if (!tokens.isCharacter(i + 1, '.')) {
                return i + 1;
            }
            i += 2;
        }
        return -1;
    }

    private String parameterName(int first, int end) {
        StringBuilder name = new StringBuilder();
        for (int i = first; i < end; i++) {
            name.append(named(i) ? tokens.name(i) : ".");
        }
        return name.toString().toLowerCase(Locale.ROOT);
    }

    private SessionCommand value(String name, int first, Scope scope) {
        int last = tokens.size() - 1;
        if (first > last) {
            return new SessionCommand.Other();
        }
        if (first == last && tokens.isWord(first, "default")) {
            return new SessionCommand.Reset(name, scope);
        }
        StringBuilder value = new StringBuilder();
        for (int i = first; i <= last; i++) {
            if (i > first) {
                // A comment between two tokens may not be carried along: it could end the line of what is sent behind
                // it.
                value.append(tokens.start(i) > tokens.end(i - 1) ? " " : "");
            }
            value.append(valueToken(i));
        }
        return new SessionCommand.Set(name, value.toString(), scope);
    }

    private String valueToken(int i) {
        String raw = tokens.raw(i);
        if (raw.indexOf('\\') < 0 || raw.charAt(0) != '\'') {
            return raw;
        }
        return tokens.token(i) == Token.ESCAPE_STRING ? "E" + raw : "E" + raw.replace("\\", "\\\\");
    }

    // RESET, SHOW

    private SessionCommand reset() {
        if (tokens.size() == 2 && tokens.isWord(1, "all")) {
            return new SessionCommand.ResetAll();
        }
        String name = shownName();
        return name == null ? new SessionCommand.Other() : new SessionCommand.Reset(name, Scope.SESSION);
    }

    private SessionCommand show() {
        String name = shownName();
        return name == null ? new SessionCommand.Other() : new SessionCommand.Show(name);
    }

    /** Returns the parameter that {@code SHOW} and {@code RESET} name, in any of their special spellings. */
    private @Nullable String shownName() {
        if (tokens.size() == 3 && tokens.isSequence(1, "time", "zone")) {
            return "timezone";
        }
        if (tokens.size() == 4 && tokens.isSequence(1, "transaction", "isolation", "level")) {
            return "transaction_isolation";
        }
        if (tokens.size() == 3 && tokens.isSequence(1, "session", "authorization")) {
            return "session_authorization";
        }
        int end = behindParameterName(1);
        return end == tokens.size() ? parameterName(1, end) : null;
    }

    // The rest

    private SessionCommand discard() {
        if (tokens.size() != 2 || tokens.token(1) != Token.IDENTIFIER) {
            return new SessionCommand.Other();
        }
        return switch (tokens.name(1)) {
            case "all" -> new SessionCommand.Discard(Discarded.ALL);
            case "plans" -> new SessionCommand.Discard(Discarded.PLANS);
            case "sequences" -> new SessionCommand.Discard(Discarded.SEQUENCES);
            case "temp", "temporary" -> new SessionCommand.Discard(Discarded.TEMP);
            default -> new SessionCommand.Other();
        };
    }

    /** Reads a command that names a prepared statement. */
    private SessionCommand statementCommand() {
        if (tokens.isWord(0, "deallocate")) {
            return deallocate();
        }
        if (tokens.isWord(0, "prepare")) {
            return prepare();
        }
        int execute = new StatementHead(tokens).execute();
        StatementName name = execute < 0 ? null : statementName(execute + 1);
        return name == null ? new SessionCommand.Other() : new SessionCommand.Execute(name);
    }

    private SessionCommand deallocate() {
        // A statement may itself be named "prepare".
        int i = tokens.isWord(1, "prepare") && tokens.size() > 2 ? 2 : 1;
        if (tokens.isWord(i, "all")) {
            return new SessionCommand.Deallocate(null);
        }
        StatementName name = statementName(i);
        return name == null ? new SessionCommand.Other() : new SessionCommand.Deallocate(name);
    }

    private SessionCommand prepare() {
        boolean transaction = tokens.isWord(1, "transaction") && tokens.token(2).isLiteral();
        StatementName name = transaction ? null : statementName(1);
        if (name == null) {
            return new SessionCommand.Other();
        }
        int i = tokens.behindEscape(1);
        if (tokens.isCharacter(i, '(')) {
            i = tokens.behindGroup(i);
        }
        boolean query = tokens.isWord(i, "as")
                && (tokens.isCharacter(i + 1, '(')
                        || tokens.isWord(
                                i + 1, "select", "values", "table", "with", "insert", "update", "delete", "merge"));
        return new SessionCommand.Prepare(name, query ? tokens.start(i + 1) : -1);
    }

    /** Returns the name that the i-th token is, or null when PostgreSQL does not take it as one. */
    private @Nullable StatementName statementName(int i) {
        if (!named(i) || tokens.token(i) == Token.IDENTIFIER && Keywords.isNoColumnName(tokens.name(i))) {
            return null;
        }
        int start = tokens.start(i);
        int end = tokens.end(tokens.behindEscape(i) - 1);
        return tokens.isUtf8(i) ? new StatementName(tokens.name(i), start, end) : null;
    }

    private SessionCommand release() {
        int i = tokens.isWord(1, "savepoint") && tokens.size() > 2 ? 2 : 1;
        return named(i) ? new SessionCommand.Release(tokens.name(i)) : new SessionCommand.Other();
    }

    private SessionCommand rollback() {
        int to = tokens.isWord(1, "work", "transaction") ? 2 : 1;
        if (!tokens.isWord(to, "to")) {
            return new SessionCommand.Other();
        }
        int i = tokens.isWord(to + 1, "savepoint") && tokens.size() > to + 2 ? to + 2 : to + 1;
        return named(i) ? new SessionCommand.RollbackTo(tokens.name(i)) : new SessionCommand.Other();
    }

    private SessionCommand unlisten() {
        if (tokens.isCharacter(1, '*') && tokens.size() == 2) {
            return new SessionCommand.Unlisten(null);
        }
        return isChannel() ? new SessionCommand.Unlisten(tokens.name(1)) : new SessionCommand.Other();
    }

    /**
     * Returns true when the statement ends with a name that PostgreSQL takes as a channel. The router may answer such a statement itself, so what
     * the grammar refuses must not pass; a name with Unicode escapes is left to PostgreSQL.
     */
    private boolean isChannel() {
        return tokens.size() == 2
                && switch (tokens.token(1)) {
                    case IDENTIFIER -> !Keywords.isNoColumnName(tokens.name(1));
                    case QUOTED_IDENTIFIER -> !tokens.name(1).isEmpty();
                    default -> false;
                };
    }

    private SessionCommand close() {
        if (!named(1)) {
            return new SessionCommand.Other();
        }
        return new SessionCommand.CloseCursor(tokens.isWord(1, "all") ? null : tokens.name(1));
    }
}
