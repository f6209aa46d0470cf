// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** What a statement is by its leading keywords. A {@code WITH} is the kind of its main statement. */
public enum StatementKind {
    SELECT,
    VALUES,
    TABLE,
    INSERT,
    UPDATE,
    DELETE,
    MERGE,
    EXPLAIN,
    /** {@code SHOW name}, {@code SHOW ALL}. */
    SHOW,
    /** {@code SET [SESSION | LOCAL] name}, including {@code SET TIME ZONE}, {@code SET NAMES}, {@code SET SCHEMA} and the like. */
    SET,
    /** {@code SET [SESSION | LOCAL] ROLE}. */
    SET_ROLE,
    /** {@code SET [SESSION | LOCAL] SESSION AUTHORIZATION}. */
    SET_SESSION_AUTHORIZATION,
    /** {@code SET [LOCAL] TRANSACTION}. */
    SET_TRANSACTION,
    /** {@code SET SESSION CHARACTERISTICS AS TRANSACTION}. */
    SET_SESSION_CHARACTERISTICS,
    /** {@code SET CONSTRAINTS}: until the end of the transaction. */
    SET_CONSTRAINTS,
    /** {@code RESET name} and {@code RESET ALL}, role and session authorization included. */
    RESET,
    /** {@code BEGIN}, {@code START TRANSACTION}. */
    BEGIN,
    /** {@code COMMIT}, {@code END}. */
    COMMIT,
    /** {@code COMMIT AND CHAIN}. */
    COMMIT_AND_CHAIN,
    /** {@code ROLLBACK}, {@code ABORT}. */
    ROLLBACK,
    /** {@code ROLLBACK AND CHAIN}. */
    ROLLBACK_AND_CHAIN,
    SAVEPOINT,
    RELEASE_SAVEPOINT,
    ROLLBACK_TO_SAVEPOINT,
    PREPARE_TRANSACTION,
    COMMIT_PREPARED,
    ROLLBACK_PREPARED,
    DISCARD,
    /** SQL's {@code PREPARE name AS}. */
    PREPARE,
    EXECUTE,
    DEALLOCATE,
    LISTEN,
    UNLISTEN,
    NOTIFY,
    /** {@code COPY ... FROM STDIN}: the client will send data. */
    COPY_IN,
    /** {@code COPY ... TO STDOUT}: the server will send data. */
    COPY_OUT,
    /** {@code COPY} from or to a file or program of the server. */
    COPY_ON_SERVER,
    DECLARE_CURSOR,
    FETCH,
    MOVE,
    CLOSE_CURSOR,
    LOCK,
    CALL,
    DO,
    LOAD,
    TRUNCATE,
    /** Definitions: {@code CREATE}, {@code ALTER}, {@code DROP}, {@code GRANT}, {@code COMMENT} and their like. */
    DDL,
    /** {@code VACUUM}, {@code ANALYZE}, {@code CLUSTER}, {@code REINDEX}, {@code CHECKPOINT}, {@code REFRESH MATERIALIZED VIEW}. */
    MAINTENANCE,
    /** Anything else; the server will tell. */
    OTHER;

    /** Returns true when {@link SessionCommand#read} has something to say about statements of this kind. */
    public boolean isSessionCommand() {
        return switch (this) {
            case SHOW,
                    SET,
                    SET_ROLE,
                    SET_SESSION_AUTHORIZATION,
                    SET_TRANSACTION,
                    SET_SESSION_CHARACTERISTICS,
                    RESET,
                    SAVEPOINT,
                    RELEASE_SAVEPOINT,
                    ROLLBACK_TO_SAVEPOINT,
                    DISCARD,
                    PREPARE,
                    EXECUTE,
                    DEALLOCATE,
                    LISTEN,
                    UNLISTEN,
                    CLOSE_CURSOR -> true;
            default -> false;
        };
    }

    /** Returns true when the open transaction is over after it, be it that another begins at once. */
    public boolean endsTransaction() {
        return switch (this) {
            case COMMIT, COMMIT_AND_CHAIN, ROLLBACK, ROLLBACK_AND_CHAIN, PREPARE_TRANSACTION -> true;
            default -> false;
        };
    }
}
