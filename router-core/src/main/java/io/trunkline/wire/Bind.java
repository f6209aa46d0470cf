// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * A view of a Bind: {@code 'B' · int32 length · string portal · string statement · int16 count · count × int16 format · int16 count · count ×
 * (int32 length or -1 · bytes) · int16 count · count × int16 result format}.
 *
 * <p>The names are read at once, the rest only as far as it is asked for: what nobody asks for is PostgreSQL's to judge, and a parameter
 * needed for routing may be looked at in a message of which the end is not there. Going through the parameters in order costs one pass.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class Bind extends MessageView {
    private static final int TEXT = 0;

    private final NameCache names = new NameCache();
    private int portalEnd;
    private int statementEnd;

    /** Where the number of parameters stands, 0 while that is not known. */
    private int parameterCountIndex;
    /** The parameter whose length stands at {@link #cursor}. */
    private int cursorParameter;

    private int cursor;

    /** Creates a view of nothing; {@link #wrap} moves it. */
    public Bind() {
        super(ProtocolViolation.Consequence.ERROR);
    }

    /**
     * Moves this view to the message whose tag stands at {@code index}; returns itself. Both names must be there.
     *
     * @throws ProtocolViolation when PostgreSQL would not read it either; the connection lives on. So throw all other methods
     */
    public Bind wrap(ByteBuf buffer, int index, int available) {
        move(buffer, index, available);
        portalEnd = stringEnd(bodyStart());
        statementEnd = stringEnd(portalEnd + 1);
        parameterCountIndex = 0;
        return this;
    }

    /** Returns the portal's name; empty for the unnamed portal. */
    public String portal() {
        return names.read(buffer(), bodyStart(), portalEnd);
    }

    /** Returns the statement's name; empty for the unnamed statement. */
    public String statement() {
        return names.read(buffer(), statementNameStart(), statementEnd);
    }

    /** Returns where the statement's name begins. */
    public int statementNameStart() {
        return portalEnd + 1;
    }

    /** Returns where the statement's name ends, without its terminator. */
    public int statementNameEnd() {
        return statementEnd;
    }

    /** Returns where the message goes on unchanged after {@link #rewriteStatement}. */
    public int tailStart() {
        return statementEnd + 1;
    }

    /** Returns how many parameters are given, at most 65,535. */
    public int parameterCount() {
        return unsignedShort(parameterCountIndex());
    }

    /** Returns false when the parameter {@code k} from 0 stands, wholly or in part, beyond what is there of a long message. */
    public boolean isPresent(int k) {
        if (isWhole()) {
            return true;
        }
        try {
            return k >= parameterCount() || parameterLength(k) >= -1;
        } catch (ProtocolViolation violation) {
            if (violation.sqlState() == SqlState.PROGRAM_LIMIT_EXCEEDED) {
                return false;
            }
            throw violation;
        }
    }

    /** Returns the format code of the parameter {@code k} from 0: 0 text, 1 binary. */
    public int parameterFormat(int k) {
        checkParameter(k);
        int count = unsignedShort(tailStart());
        if (count > 1 && count != parameterCount()) {
            throw malformed("bind message has " + count + " parameter formats but " + parameterCount() + " parameters");
        }
        return formatAt(tailStart(), count, k);
    }

    /** Returns where the value of the parameter {@code k} from 0 begins. */
    public int parameterStart(int k) {
        parameterLength(k);
        return cursor + 4;
    }

    /** Returns how many bytes the value of the parameter {@code k} from 0 has, -1 for NULL. */
    public int parameterLength(int k) {
        checkParameter(k);
        if (k < cursorParameter) {
            resetCursor();
        }
        while (cursorParameter < k) {
            int length = valueLengthAtCursor();
            cursor += 4 + Math.max(length, 0);
            cursorParameter++;
        }
        int length = valueLengthAtCursor();
        require(cursor + 4, Math.max(length, 0));
        return length;
    }

    /** Returns the format code asked for the result column {@code column} from 0: 0 text, 1 binary. */
    public int resultFormat(int column) {
        int formats = parametersEnd();
        int count = unsignedShort(formats);
        if (count > 1 && column >= count) {
            throw malformed("bind message has " + count + " result formats but query has more columns");
        }
        return formatAt(formats, count, column);
    }

    /** Returns how many result formats are given: none for text everywhere, one for all columns, or one for each. */
    public int resultFormatCount() {
        return unsignedShort(parametersEnd());
    }

    /** Returns where the parameters end that began, with their formats, at {@link #tailStart}. */
    public int parametersEnd() {
        int parameters = parameterCount();
        if (cursorParameter > parameters) {
            resetCursor();
        }
        while (cursorParameter < parameters) {
            int length = valueLengthAtCursor();
            cursor += 4 + Math.max(length, 0);
            cursorParameter++;
        }
        return cursor;
    }

    private int formatAt(int countIndex, int count, int k) {
        if (count == 0) {
            return TEXT;
        }
        return unsignedShort(countIndex + 2 + (count == 1 ? 0 : 2 * k));
    }

    /** Returns the length at the cursor, of a value that stands within the frame. */
    private int valueLengthAtCursor() {
        int length = int32(cursor);
        if (length < -1 || length > frameBytesFrom(cursor + 4)) {
            throw malformed("insufficient data left in message");
        }
        return length;
    }

    private int parameterCountIndex() {
        if (parameterCountIndex == 0) {
            int formats = unsignedShort(tailStart());
            parameterCountIndex = require(tailStart() + 2 + 2 * formats, 2);
            resetCursor();
        }
        return parameterCountIndex;
    }

    private void resetCursor() {
        cursor = parameterCountIndex + 2;
        cursorParameter = 0;
    }

    private void checkParameter(int k) {
        if (k < 0 || k >= parameterCount()) {
            throw new IndexOutOfBoundsException(k);
        }
    }

    /**
     * Returns the beginning of the Bind at {@code index} with another statement name. The rest of the message, from {@link #tailStart()} on,
     * follows it unchanged. The caller owns the returned buffer.
     *
     * @param length the length on the wire
     * @param newName the name's bytes, without terminator
     */
    public static ByteBuf rewriteStatement(
            ByteBufAllocator allocator, ByteBuf buffer, int index, int length, byte[] newName) {
        int nameStart = nameEnd(buffer, index, length, index + Frame.HEADER_BYTES) + 1;
        int nameEnd = nameEnd(buffer, index, length, nameStart);
        return headWithName(allocator, buffer, index, length, nameStart, nameEnd, newName);
    }
}
