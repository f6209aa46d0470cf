// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/** What ReadyForQuery says about the transaction. */
public enum TransactionStatus {
    /** In no transaction block. */
    IDLE('I'),
    /** In a transaction block. */
    IN_TRANSACTION('T'),
    /** In a transaction block that failed; only its end is accepted. */
    FAILED('E');

    private final byte code;

    TransactionStatus(char code) {
        this.code = (byte) code;
    }

    /** Returns the byte on the wire. */
    public byte code() {
        return code;
    }

    /**
     * Returns the status of a byte on the wire.
     *
     * @throws ProtocolViolation when there is none
     */
    public static TransactionStatus ofCode(byte code) {
        return switch (code) {
            case 'I' -> IDLE;
            case 'T' -> IN_TRANSACTION;
            case 'E' -> FAILED;
            default -> throw ProtocolViolation.fatal("invalid transaction status " + (code & 0xff));
        };
    }

    /**
     * Returns the status a whole ReadyForQuery carries.
     *
     * @throws ProtocolViolation when it carries none
     */
    public static TransactionStatus read(ByteBuf buffer, int index, int available) {
        if (available != Frame.HEADER_BYTES + 1) {
            throw ProtocolViolation.fatal("invalid length of ReadyForQuery");
        }
        return ofCode(buffer.getByte(index + Frame.HEADER_BYTES));
    }
}
