// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.trunkline.topology.KeyFormatException;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.KeyValue.IntegerKey;
import io.trunkline.wire.SqlState;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/** The bytes of one value, of a type that is known, as a shard key. All buffers are borrowed. */
final class KeyBytes {
    /** Longer values are not read; no key worth sharding by has as many bytes. */
    static final int KEY_BYTES_MAX = 1 << 20;

    /** Any number of so many digits is an {@code int4}. */
    private static final int DIGITS_MAX = 9;

    private KeyBytes() {}

    /**
     * Reads a value in text format.
     *
     * @param what the operand in words, for the error
     * @param utf8 whether the bytes are UTF-8; if not, only ASCII is read
     */
    static KeyReading text(String what, KeyType type, ByteBuf buffer, int start, int length, boolean utf8) {
        if (ParameterTypes.isText(type)) {
            return binary(what, type, buffer, start, length, utf8);
        }
        if (type == KeyType.INT4 || type == KeyType.INT8) {
            int digits = digits(buffer, start, length);
            if (digits >= 0) {
                return new KeyReading.Value(KeyValue.ofLong(digits));
            }
        }
        if (length > KEY_BYTES_MAX || !isAscii(buffer, start, length)) {
            return unreadable(what, type, "ASCII text");
        }
        return parsed(what, type, buffer.getCharSequence(start, length, StandardCharsets.US_ASCII));
    }

    /** Returns the number that up to nine decimal digits are, as most keys are written; -1 for any other bytes, which may be a number all the same. */
    static int digits(ByteBuf buffer, int start, int length) {
        if (length < 1 || length > DIGITS_MAX) {
            return -1;
        }
        int number = 0;
        for (int i = start; i < start + length; i++) {
            int digit = buffer.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** Reads a value in binary format, which for {@code text} and {@code varchar} is the text format too. */
    static KeyReading binary(String what, KeyType type, ByteBuf buffer, int start, int length, boolean utf8) {
        if (length > KEY_BYTES_MAX) {
            return KeyReading.unsupported(what + " has " + length + " bytes (expected: at most " + KEY_BYTES_MAX + ")");
        }
        if (type == KeyType.INT8 && length == Long.BYTES) {
            return new KeyReading.Value(KeyValue.ofLong(buffer.getLong(start)));
        }
        if (type == KeyType.INT4 && length == Integer.BYTES) {
            return new KeyReading.Value(KeyValue.ofLong(buffer.getInt(start)));
        }
        if (ParameterTypes.isText(type) && !utf8 && !isAscii(buffer, start, length)) {
            return KeyReading.unsupported(what + " has characters beyond ASCII (expected: client_encoding UTF8)");
        }
        try {
            return new KeyReading.Value(KeyValue.receive(type, buffer.nioBuffer(start, length)));
        } catch (KeyFormatException e) {
            return unreadable(what, type, e.expectation());
        }
    }

    /** Reads a value in text format that has been decoded. */
    static KeyReading parsed(String what, KeyType type, CharSequence text) {
        try {
            return new KeyReading.Value(KeyValue.parse(type, text));
        } catch (KeyFormatException e) {
            return unreadable(what, type, e.expectation());
        }
    }

    /** Returns a value of one type as a key of another; the caller has checked {@link ParameterTypes#isLossless}. */
    static KeyReading converted(KeyType key, KeyReading reading) {
        return key == KeyType.NUMERIC
                        && reading instanceof KeyReading.Value read
                        && read.value() instanceof IntegerKey integer
                ? new KeyReading.Value(KeyValue.ofNumeric(BigDecimal.valueOf(integer.value())))
                : reading;
    }

    /** Returns the length without trailing blanks, which do not count in a {@code bpchar}. */
    static int trimmedLength(ByteBuf buffer, int start, int length) {
        int trimmed = length;
        while (trimmed > 0 && buffer.getByte(start + trimmed - 1) == ' ') {
            trimmed--;
        }
        return trimmed;
    }

    static boolean isAscii(ByteBuf buffer, int start, int length) {
        for (int i = start; i < start + length; i++) {
            if (buffer.getByte(i) < 0) {
                return false;
            }
        }
        return true;
    }

    /** For integers and UUIDs the router reads all that PostgreSQL reads, so its error is PostgreSQL's. */
    private static KeyReading unreadable(String what, KeyType type, String expectation) {
        String problem = what + " cannot be read as " + type.typeName() + " (expected: " + expectation + ")";
        return ParameterTypes.isInteger(type) || type == KeyType.UUID
                ? new KeyReading.Unreadable(SqlState.INVALID_TEXT_REPRESENTATION, problem)
                : KeyReading.unsupported(problem);
    }
}
