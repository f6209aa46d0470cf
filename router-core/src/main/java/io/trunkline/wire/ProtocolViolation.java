// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import org.jspecify.annotations.Nullable;

/**
 * Bytes of a peer that are no message, or no message that may stand here. The only exception this package throws for what a peer sends.
 *
 * <p>Its message is worded as PostgreSQL words it. It carries no stack trace: a hostile peer must not make us collect one per message.
 */
public final class ProtocolViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What PostgreSQL does with the peer. */
    public enum Consequence {
        /** An ErrorResponse; everything up to the next Sync is skipped and the connection lives on. */
        ERROR,
        /** An ErrorResponse of severity FATAL, then the connection is closed. */
        FATAL,
        /** The connection is closed without a word, as the peer may not even speak the protocol. */
        SILENT_CLOSE
    }

    private final SqlState sqlState;
    private final Consequence consequence;
    private final @Nullable String detail;

    private ProtocolViolation(SqlState sqlState, Consequence consequence, String message, @Nullable String detail) {
        super(message, null, false, false);
        this.sqlState = sqlState;
        this.consequence = consequence;
        this.detail = detail;
    }

    /** Returns a violation. */
    public static ProtocolViolation of(Consequence consequence, SqlState sqlState, String message) {
        return new ProtocolViolation(sqlState, consequence, message, null);
    }

    /** Returns a violation after which the connection lives on, {@code 08P01}. */
    public static ProtocolViolation error(String message) {
        return error(SqlState.PROTOCOL_VIOLATION, message);
    }

    /** Returns a violation after which the connection lives on. */
    public static ProtocolViolation error(SqlState sqlState, String message) {
        return new ProtocolViolation(sqlState, Consequence.ERROR, message, null);
    }

    /** Returns a violation that ends the connection, {@code 08P01}. */
    public static ProtocolViolation fatal(String message) {
        return fatal(SqlState.PROTOCOL_VIOLATION, message, null);
    }

    /** Returns a violation that ends the connection. */
    public static ProtocolViolation fatal(SqlState sqlState, String message, @Nullable String detail) {
        return new ProtocolViolation(sqlState, Consequence.FATAL, message, detail);
    }

    /** Returns a violation that ends the connection without a reply, {@code 08P01}. */
    public static ProtocolViolation silent(String message) {
        return new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, Consequence.SILENT_CLOSE, message, null);
    }

    /** Returns the SQLSTATE. */
    public SqlState sqlState() {
        return sqlState;
    }

    /** Returns what is to be done with the peer. */
    public Consequence consequence() {
        return consequence;
    }

    /** Returns true when the connection must be closed. */
    public boolean isFatal() {
        return consequence != Consequence.ERROR;
    }

    /** Returns what the peer gets to read, unless the consequence is {@link Consequence#SILENT_CLOSE}. */
    public ErrorResponse response() {
        ErrorResponse.Builder builder = ErrorResponse.builder(
                isFatal() ? Severity.FATAL : Severity.ERROR, sqlState, String.valueOf(getMessage()));
        return (detail == null ? builder : builder.detail(detail)).build();
    }
}
