// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One statement that touches the session, read anew with its values: what the cached {@link StatementShape} cannot hold.
 *
 * <p>Names are folded as PostgreSQL folds them; names of configuration parameters are in lower case whatever their spelling, because PostgreSQL
 * compares them so.
 */
public sealed interface SessionCommand {

    /** Whether a setting outlives its transaction. */
    enum Scope {
        SESSION,
        LOCAL
    }

    /** What {@code DISCARD} discards. */
    enum Discarded {
        ALL,
        PLANS,
        SEQUENCES,
        TEMP
    }

    /**
     * A parameter gets a value. {@code SET ROLE}, {@code SET SESSION AUTHORIZATION}, {@code SET TIME ZONE}, {@code SET NAMES}, {@code SET SCHEMA} and
     * {@code SET XML OPTION} are this too, under the parameter's own name ({@code role}, {@code session_authorization}, {@code timezone},
     * {@code client_encoding}, {@code search_path}, {@code xmloption}).
     *
     * @param name lower case, dots included
     * @param rawValue SQL text that means the value behind {@code SET name TO}, as the client wrote it; only a string with backslashes is
     *     rewritten as {@code E'...'}, so that it means the same under either {@code standard_conforming_strings}
     */
    record Set(String name, String rawValue, Scope scope) implements SessionCommand {

        /** Returns true when the parameter is the router's own and no backend must see it. */
        public boolean isForRouter() {
            return name.startsWith("trunkline.");
        }

        /** Returns true when the value may name the schema of temporary objects, which ties the session to its backend. */
        public boolean mayReachTemporarySchema() {
            return name.equals("search_path")
                    && rawValue.toLowerCase(java.util.Locale.ROOT).contains("temp");
        }
    }

    /**
     * A parameter goes back to its default: {@code RESET name}, {@code SET name TO DEFAULT}, {@code SET TIME ZONE LOCAL}, {@code SET SESSION AUTHORIZATION DEFAULT}.
     * {@code SET ROLE NONE} is a {@link Set}.
     */
    record Reset(String name, Scope scope) implements SessionCommand {}

    /** Returns true when the command may change {@code search_path}. */
    default boolean isOfSearchPath() {
        return this instanceof Set set && set.name().equals("search_path")
                || this instanceof Reset reset && reset.name().equals("search_path")
                || this instanceof ResetAll
                || this instanceof Discard discard && discard.what() == Discarded.ALL
                || this instanceof Untracked;
    }

    /** {@code RESET ALL}. */
    record ResetAll() implements SessionCommand {}

    /** {@code SET TRANSACTION}, for the open transaction only. */
    record SetTransaction(TransactionMode mode) implements SessionCommand {}

    /**
     * {@code SET SESSION CHARACTERISTICS AS TRANSACTION}: defaults of the session's transactions.
     *
     * @param defaults the parameters it sets, with their values as SQL
     */
    record SetSessionCharacteristics(TransactionMode mode, Map<String, String> defaults) implements SessionCommand {}

    /** {@code DISCARD}. */
    record Discard(Discarded what) implements SessionCommand {}

    /**
     * {@code DEALLOCATE}.
     *
     * @param name the statement, or null for all
     */
    record Deallocate(@Nullable StatementName name) implements SessionCommand {}

    /**
     * {@code PREPARE name AS}.
     *
     * @param query where the statement to prepare begins in the text that was read, or -1 when it is none that can be prepared
     */
    record Prepare(StatementName name, int query) implements SessionCommand {}

    /** {@code EXECUTE name}, also within {@code EXPLAIN} and {@code CREATE TABLE AS}. */
    record Execute(StatementName name) implements SessionCommand {}

    /**
     * The name of a prepared statement and where it stands.
     *
     * @param text the name, folded
     * @param start the index of its first byte in the text that was read
     * @param end the index behind its last byte
     */
    record StatementName(String text, int start, int end) {}

    /** {@code SAVEPOINT name}. */
    record Savepoint(String name) implements SessionCommand {}

    /** {@code ROLLBACK TO name}. */
    record RollbackTo(String name) implements SessionCommand {}

    /** {@code RELEASE name}. */
    record Release(String name) implements SessionCommand {}

    /** {@code SHOW name}; {@code all} for {@code SHOW ALL}. */
    record Show(String name) implements SessionCommand {}

    /** {@code LISTEN channel}. */
    record Listen(String channel) implements SessionCommand {}

    /**
     * {@code UNLISTEN channel}.
     *
     * @param channel the channel, or null for all
     */
    record Unlisten(@Nullable String channel) implements SessionCommand {}

    /**
     * {@code CLOSE name}.
     *
     * @param name the cursor, or null for all
     */
    record CloseCursor(@Nullable String name) implements SessionCommand {}

    /** {@code DECLARE name CURSOR}. */
    record DeclareCursor(String name) implements SessionCommand {}

    /**
     * {@code FETCH} or {@code MOVE}.
     *
     * @param cursor its name
     * @param rows how many rows forward, at least 1; {@link #ALL} for all that are left, {@link #NOT_FORWARD} for every other direction
     */
    record Fetch(String cursor, int rows) implements SessionCommand {
        /** All rows that are left. */
        public static final int ALL = Integer.MAX_VALUE;
        /** A direction that may need rows which have been fetched before. */
        public static final int NOT_FORWARD = -1;
    }

    /**
     * A setting that cannot be carried to another backend, such as {@code SET x FROM CURRENT}: the session must keep the one it has.
     *
     * @param reason why, in words for a log
     */
    record Untracked(String reason) implements SessionCommand {}

    /** No command of the session, or one PostgreSQL will refuse. */
    record Other() implements SessionCommand {}

    /**
     * Reads one statement.
     *
     * @param text the buffer of the query text; borrowed
     * @param start as {@link SqlScan#statementStart} gave it
     * @param end as {@link SqlScan#statementEnd} gave it
     * @param standardConformingStrings the setting the text is read under
     */
    static SessionCommand read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        return SessionCommandReader.read(text, start, end, standardConformingStrings);
    }

    /**
     * Returns the EXECUTE that a text begins with whose rest cannot be read, or is not there; null when it begins with something else.
     *
     * @param text the buffer of the query text; borrowed
     */
    static @Nullable Execute readBeginning(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        return SessionCommandReader.readBeginning(text, start, end, standardConformingStrings);
    }
}
