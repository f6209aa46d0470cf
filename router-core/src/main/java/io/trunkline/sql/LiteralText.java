// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The value of a constant in a query text, as the text PostgreSQL hands to the type's input function.
 *
 * <p>Reads numbers, {@code '...'} with its continuations, {@code E'...'} and dollar quotes. Constants of the other forms have a type of their own ({@code N''},
 * {@code B''}, {@code X''}) or an escape character elsewhere ({@code U&''}), and are not read.
 */
public final class LiteralText {
    private LiteralText() {}

    /**
     * Returns the value, or null when the constant is of another form, has an escape PostgreSQL would refuse, or is not in UTF-8.
     *
     * @param text borrowed
     * @param start as {@link SqlScan#literalStart} gave it
     * @param end as {@link SqlScan#literalEnd} gave it
     */
    public static @Nullable String read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        int first = text.getByte(start);
        if (SqlLexer.isDigit(first) || first == '.') {
            return text.toString(start, end - start, StandardCharsets.US_ASCII);
        }
        ByteBuffer value = ByteBuffer.allocate(end - start);
        boolean read = switch (first) {
            case '\'' -> readQuoted(text, start, end, !standardConformingStrings, value);
            case 'e', 'E' -> readQuoted(text, start + 1, end, true, value);
            case '$' -> readDollarQuoted(text, start, end, value);
            default -> false;
        };
        return read ? decode(value.flip()) : null;
    }

    /** Returns true when the constant is a number rather than a string. */
    public static boolean isNumber(ByteBuf text, int start) {
        int first = text.getByte(start);
        return SqlLexer.isDigit(first) || first == '.';
    }

    private static @Nullable String decode(ByteBuffer value) {
        try {
            CharBuffer chars = StandardCharsets.UTF_8.newDecoder().decode(value);
            return chars.toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static boolean readDollarQuoted(ByteBuf text, int start, int end, ByteBuffer value) {
        int delimiterBytes = text.indexOf(start + 1, end, (byte) '$') + 1 - start;
        for (int i = start + delimiterBytes; i < end - delimiterBytes; i++) {
            value.put(text.getByte(i));
        }
        return true;
    }

    private static boolean readQuoted(ByteBuf text, int openingQuote, int end, boolean escapes, ByteBuffer value) {
        int i = openingQuote + 1;
        while (i < end) {
            byte b = text.getByte(i);
            if (b == '\'') {
                if (i + 1 == end) {
                    return true;
                }
                if (text.getByte(i + 1) == '\'') {
                    value.put(b);
                    i += 2;
                } else {
                    i = behindContinuation(text, i + 1, end);
                }
            } else if (b == '\\' && escapes) {
                i = readEscape(text, i + 1, end, value);
                if (i < 0) {
                    return false;
                }
            } else {
                value.put(b);
                i++;
            }
        }
        return false;
    }

    /** Returns the index behind the quote that continues the constant; the lexer has seen that there is one. */
    private static int behindContinuation(ByteBuf text, int from, int end) {
        int i = from;
        while (i < end && text.getByte(i) != '\'') {
            if (text.getByte(i) == '-') {
                while (text.getByte(i) != '\n' && text.getByte(i) != '\r') {
                    i++;
                }
            }
            i++;
        }
        return i + 1;
    }

    /** Appends what an escape stands for and returns the index behind it, or -1. */
    private static int readEscape(ByteBuf text, int from, int end, ByteBuffer value) {
        byte b = text.getByte(from);
        switch (b) {
            case 'b':
                value.put((byte) '\b');
                return from + 1;
            case 'f':
                value.put((byte) '\f');
                return from + 1;
            case 'n':
                value.put((byte) '\n');
                return from + 1;
            case 'r':
                value.put((byte) '\r');
                return from + 1;
            case 't':
                value.put((byte) '\t');
                return from + 1;
            case 'v':
                // A vertical tab from PostgreSQL 16 on, the letter before.
                return -1;
            case 'u', 'U':
                return readCodePoint(text, from + 1, b == 'u' ? 4 : 8, end, value);
            case 'x':
                if (digit(text, from + 1, end, 16) >= 0) {
                    return readByte(text, from + 1, end, 16, 2, value);
                }
                break;
            default:
                if (b >= '0' && b <= '7') {
                    return readByte(text, from, end, 8, 3, value);
                }
                break;
        }
        value.put(b);
        return from + 1;
    }

    private static int readByte(ByteBuf text, int from, int end, int radix, int digitsMax, ByteBuffer value) {
        int i = from;
        int b = 0;
        while (i < from + digitsMax && digit(text, i, end, radix) >= 0) {
            b = b * radix + digit(text, i, end, radix);
            i++;
        }
        if ((b & 0xff) == 0) {
            return -1;
        }
        value.put((byte) b);
        return i;
    }

    private static int readCodePoint(ByteBuf text, int from, int digits, int end, ByteBuffer value) {
        int codePoint = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = digit(text, i, end, 16);
            if (digit < 0 || codePoint > Character.MAX_CODE_POINT) {
                return -1;
            }
            codePoint = codePoint * 16 + digit;
        }
        // Surrogate pairs are legal and rare; they are left to PostgreSQL.
        if (codePoint == 0
                || !Character.isValidCodePoint(codePoint)
                || codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
            return -1;
        }
        value.put(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
        return from + digits;
    }

    private static int digit(ByteBuf text, int index, int end, int radix) {
        int b = index < end ? text.getByte(index) : -1;
        return b < 0 ? -1 : Character.digit(b, radix);
    }
}
