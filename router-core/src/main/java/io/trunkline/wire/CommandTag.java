// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;

/**
 * The tag of a CommandComplete, such as {@code SELECT 3}, {@code INSERT 0 5} or {@code BEGIN}.
 *
 * @param command the tag without its row count: {@code SELECT}, {@code INSERT 0}, {@code CREATE TABLE}
 * @param rows the row count, or -1 when the command has none
 */
public record CommandTag(String command, long rows) {
    /** The row count of commands that have none. */
    public static final long NO_ROWS = -1;

    /**
     * Reads a whole CommandComplete.
     *
     * @throws ProtocolViolation when it is malformed
     */
    public static CommandTag read(ByteBuf buffer, int index, int available) {
        int start = index + Frame.HEADER_BYTES;
        return parse(WireText.read(buffer, start, textEnd(buffer, index, available)));
    }

    /** Returns the tag of a text. */
    public static CommandTag parse(String text) {
        int space = text.lastIndexOf(' ');
        int digits = text.length() - space - 1;
        // 18 digits always fit a long.
        if (space <= 0 || digits == 0 || digits > 18) {
            return new CommandTag(text, NO_ROWS);
        }
        long rows = 0;
        for (int i = space + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return new CommandTag(text, NO_ROWS);
            }
            rows = 10 * rows + (c - '0');
        }
        return new CommandTag(text.substring(0, space), rows);
    }

    /** Returns true when a whole CommandComplete has exactly this tag; allocates nothing. */
    public static boolean matches(ByteBuf buffer, int index, int available, String text) {
        return available == Frame.HEADER_BYTES + text.length() + 1
                && CString.equalsAscii(buffer, index + Frame.HEADER_BYTES, textEnd(buffer, index, available), text);
    }

    private static int textEnd(ByteBuf buffer, int index, int available) {
        int end = CString.end(buffer, index + Frame.HEADER_BYTES, index + available);
        if (end != index + available - 1) {
            throw ProtocolViolation.fatal("invalid string in message");
        }
        return end;
    }

    /** Returns the tag of this and another result of the same command together. */
    public CommandTag plus(CommandTag other) {
        return rows < 0 || other.rows < 0 ? this : new CommandTag(command, Math.addExact(rows, other.rows));
    }

    /** Returns the tag as it travels. */
    public String text() {
        return rows < 0 ? command : command + ' ' + rows;
    }
}
