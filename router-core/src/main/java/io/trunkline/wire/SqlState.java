// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The SQLSTATEs the router sends or reacts to.
 *
 * @see <a href="https://www.postgresql.org/docs/18/errcodes-appendix.html">PostgreSQL error codes</a>
 */
public enum SqlState {
    /** Notices without a code of their own. */
    SUCCESSFUL_COMPLETION("00000"),
    /** Warnings. */
    WARNING("01000"),
    /** A backend could not be reached. */
    UNABLE_TO_CONNECT("08001"),
    /** The server refused the connection before authentication. */
    CONNECTION_REJECTED("08004"),
    /** A backend was lost while nothing of the client was in doubt. */
    CONNECTION_FAILURE("08006"),
    /** COMMIT or a write of its own was sent, and its outcome never came. */
    TRANSACTION_RESOLUTION_UNKNOWN("08007"),
    /** Bytes that are no message, or not here. */
    PROTOCOL_VIOLATION("08P01"),
    /** What the router does not do, or does not do across shards. */
    FEATURE_NOT_SUPPORTED("0A000"),
    /** A value of the wrong form, such as an unknown format code or hint. */
    INVALID_PARAMETER_VALUE("22023"),
    /** A shard key that its type's input function would refuse. */
    INVALID_TEXT_REPRESENTATION("22P02"),
    /** A shard key in binary format with the wrong length. */
    INVALID_BINARY_REPRESENTATION("22P03"),
    /** Data of a COPY that are not in its format. */
    BAD_COPY_FILE_FORMAT("22P04"),
    /** A shard key out of its type's range. */
    NUMERIC_VALUE_OUT_OF_RANGE("22003"),
    /** A date or timestamp out of range. */
    DATETIME_FIELD_OVERFLOW("22008"),
    /** A shard key that is null. */
    NOT_NULL_VIOLATION("23502"),
    /** A command that may not stand in a transaction block. */
    ACTIVE_SQL_TRANSACTION("25001"),
    /** A write where only reads may go, such as a replica. */
    READ_ONLY_SQL_TRANSACTION("25006"),
    /** A command that needs a transaction block. */
    NO_ACTIVE_SQL_TRANSACTION("25P01"),
    /** A statement after an error in a transaction block. */
    IN_FAILED_SQL_TRANSACTION("25P02"),
    /** The session was idle in a transaction for too long. */
    IDLE_IN_TRANSACTION_SESSION_TIMEOUT("25P03"),
    /** The transaction took too long. */
    TRANSACTION_TIMEOUT("25P04"),
    /** An unknown statement name. */
    INVALID_SQL_STATEMENT_NAME("26000"),
    /** No user name, or one that may not log in. */
    INVALID_AUTHORIZATION_SPECIFICATION("28000"),
    /** A wrong password or proof. */
    INVALID_PASSWORD("28P01"),
    /** An unknown portal. */
    INVALID_CURSOR_NAME("34000"),
    /** An unknown database. */
    INVALID_CATALOG_NAME("3D000"),
    /** An unknown savepoint. */
    INVALID_SAVEPOINT("3B001"),
    /** The transaction certainly did not commit and may be tried again. */
    SERIALIZATION_FAILURE("40001"),
    /** Reply of a server that resolved a deadlock. */
    DEADLOCK_DETECTED("40P01"),
    /** A hint, role or database the user may not use. */
    INSUFFICIENT_PRIVILEGE("42501"),
    /** A statement no reader understands. */
    SYNTAX_ERROR("42601"),
    /** A name that is too long. */
    NAME_TOO_LONG("42622"),
    /** An unknown setting or column. */
    UNDEFINED_OBJECT("42704"),
    /** An unknown parameter number. */
    UNDEFINED_PARAMETER("42P02"),
    /** A portal name that is in use. */
    DUPLICATE_CURSOR("42P03"),
    /** A statement name that is in use. */
    DUPLICATE_PREPARED_STATEMENT("42P05"),
    /** A limit on resources of any kind. */
    INSUFFICIENT_RESOURCES("53000"),
    /** The limit on memory. */
    OUT_OF_MEMORY("53200"),
    /** The limit on connections. */
    TOO_MANY_CONNECTIONS("53300"),
    /** A limit set in the configuration. */
    CONFIGURATION_LIMIT_EXCEEDED("53400"),
    /** A limit of the program, such as the size of what is looked at. */
    PROGRAM_LIMIT_EXCEEDED("54000"),
    /** A statement that is too long or too deep to be read. */
    STATEMENT_TOO_COMPLEX("54001"),
    /** A prepared transaction that somebody else is ending. */
    OBJECT_NOT_IN_PREREQUISITE_STATE("55000"),
    /** A parameter that can only be set at another time. */
    CANT_CHANGE_RUNTIME_PARAM("55P02"),
    /** Timeouts and cancel requests. */
    QUERY_CANCELED("57014"),
    /** The server, or the router, shuts down. */
    ADMIN_SHUTDOWN("57P01"),
    /** The server ended all sessions after a crash. */
    CRASH_SHUTDOWN("57P02"),
    /** The server starts, recovers or stops. */
    CANNOT_CONNECT_NOW("57P03"),
    /** The database was dropped under the session. */
    DATABASE_DROPPED("57P04"),
    /** The session was idle for too long. */
    IDLE_SESSION_TIMEOUT("57P05"),
    /** A defect of the router. */
    INTERNAL_ERROR("XX000");

    private static final Map<String, SqlState> BY_CODE = new HashMap<>();

    static {
        for (SqlState state : values()) {
            BY_CODE.put(state.code, state);
        }
    }

    private final String code;

    SqlState(String code) {
        this.code = code;
    }

    /** Returns the five characters. */
    public String code() {
        return code;
    }

    /** Returns the state of a code, or null when it is none the router knows. */
    public static @Nullable SqlState ofCode(String code) {
        return BY_CODE.get(code);
    }
}
