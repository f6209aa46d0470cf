// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * A view of a Parse: {@code 'P' · int32 length · string name · string sql · int16 count · count × int32 type}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class Parse extends MessageView {
    private final NameCache names = new NameCache();
    private int nameEnd;
    private int sqlEnd;
    private int parameterTypeCount;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public Parse() {
        super(ProtocolViolation.Consequence.ERROR);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself.
     *
     * <p>Of a message beyond the inspection limit the name must be there; it then has no parameter types, and its SQL ends where the bytes
     * end.
     *
     * @throws ProtocolViolation when PostgreSQL would not read it either; the connection lives on
     */
    public Parse wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        nameEnd = stringEnd(bodyStart());
        parameterTypeCount = 0;
        if (!isWhole()) {
            int terminator = CString.end(buffer, sqlStart(), end());
            sqlEnd = terminator < 0 ? end() : terminator;
            return this;
        }
        sqlEnd = stringEnd(sqlStart());
        parameterTypeCount = unsignedShort(sqlEnd + 1);
        require(sqlEnd + 3, 4 * parameterTypeCount);
        requireEnd(sqlEnd + 3 + 4 * parameterTypeCount);
        return this;
    }

    /** Returns the statement's name; empty for the unnamed statement. */
    public String name() {
        return names.read(buffer(), nameStart(), nameEnd);
    }

    /** Returns where the name begins. */
    public int nameStart() {
        return bodyStart();
    }

    /** Returns where the name ends, without its terminator. */
    public int nameEnd() {
        return nameEnd;
    }

    /** Returns where the SQL begins, which is where the message goes on unchanged after {@link #rewriteName}. */
    public int sqlStart() {
        return nameEnd + 1;
    }

    /** Returns where the SQL ends, without its terminator. */
    public int sqlEnd() {
        return sqlEnd;
    }

    /** Returns how many parameter types the client declared. */
    public int parameterTypeCount() {
        return parameterTypeCount;
    }

    /** Returns the OID the client declared for the parameter {@code i} from 0; 0 leaves it to the server. */
    public int parameterType(int i) {
        if (i < 0 || i >= parameterTypeCount) {
            throw new IndexOutOfBoundsException(i);
        }
        return buffer().getInt(sqlEnd + 3 + 4 * i);
    }

    /**
     * Returns the beginning of the Parse at {@code index} under another name. The rest of the message, from {@link #sqlStart()} on, follows
     * it unchanged. The caller owns the returned buffer.
     *
     * @param length the length on the wire
     * @param newName the name's bytes, without terminator
     */
    public static ByteBuf rewriteName(
            ByteBufAllocator allocator, ByteBuf buffer, int index, int length, byte[] newName) {
        int nameStart = index + Frame.HEADER_BYTES;
        int nameEnd = nameEnd(buffer, index, length, nameStart);
        return headWithName(allocator, buffer, index, length, nameStart, nameEnd, newName);
    }
}
