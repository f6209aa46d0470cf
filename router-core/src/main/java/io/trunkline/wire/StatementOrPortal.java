// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * A view of a Describe or Close, which share their body: {@code 'D' or 'C' · int32 length · byte 'S' or 'P' · string name}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class StatementOrPortal extends MessageView {
    /** Which of the two is named. */
    public enum Kind {
        /** A prepared statement. */
        STATEMENT('S'),
        /** A portal. */
        PORTAL('P');

        private final byte code;

        Kind(char code) {
            this.code = (byte) code;
        }

        /** Returns the byte on the wire. */
        public byte code() {
            return code;
        }
    }

    private final NameCache names = new NameCache();
    private Kind kind = Kind.STATEMENT;
    private int nameEnd;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public StatementOrPortal() {
        super(ProtocolViolation.Consequence.ERROR);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * @throws ProtocolViolation when PostgreSQL would not read it either; the connection lives on
     */
    public StatementOrPortal wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        byte subtype = byteAt(bodyStart());
        nameEnd = stringEnd(bodyStart() + 1);
        requireEnd(nameEnd + 1);
        if (subtype != 'S' && subtype != 'P') {
            String message = buffer.getByte(index) == FrontendTag.CLOSE ? "CLOSE" : "DESCRIBE";
            throw malformed("invalid " + message + " message subtype " + (subtype & 0xff));
        }
        kind = subtype == 'S' ? Kind.STATEMENT : Kind.PORTAL;
        return this;
    }

    /** Returns what is named. */
    public Kind kind() {
        return kind;
    }

    /** Returns true for a statement, false for a portal. */
    public boolean isStatement() {
        return kind == Kind.STATEMENT;
    }

    /** Returns the name; empty for the unnamed one. */
    public String name() {
        return names.read(buffer(), nameStart(), nameEnd);
    }

    /** Returns where the name begins. */
    public int nameStart() {
        return bodyStart() + 1;
    }

    /** Returns where the name ends, without its terminator. */
    public int nameEnd() {
        return nameEnd;
    }

    /** Returns the whole Describe or Close at {@code index} under another name. The caller owns the returned buffer. */
    public static ByteBuf rewriteName(
            ByteBufAllocator allocator, ByteBuf buffer, int index, int length, byte[] newName) {
        int nameStart = index + Frame.HEADER_BYTES + 1;
        int nameEnd = nameEnd(buffer, index, length, nameStart);
        return headWithName(allocator, buffer, index, length, nameStart, nameEnd, newName);
    }
}
