// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The value of a sharding key in canonical form: two values are equal exactly when PostgreSQL's {@code =} says so.
 *
 * <p>{@link #parse} reads text as the type's input function does and {@link #receive} reads the binary format; what they
 * cannot read beyond doubt they refuse, because a key that is read differently from the server sends a row to the wrong
 * shard. The order is that of the type's btree operators, except that text is ordered by its bytes (collation {@code "C"}).
 */
public sealed interface KeyValue extends Comparable<KeyValue>
        permits KeyValue.IntegerKey,
                KeyValue.TextKey,
                KeyValue.UuidKey,
                KeyValue.DateKey,
                KeyValue.TimestampKey,
                NumericKey {
    /** The longest text that can be a key, in characters; longer ones are refused unread. */
    int TEXT_CHARACTERS_MAX = 1 << 20;

    /** Returns the row hash of a hash-partitioned table with this key, to be taken as unsigned. */
    default long partitionHash() {
        return PartitionHash.ofColumn(extendedHash());
    }

    /** Returns the hash of the type's extended hash function with PostgreSQL's partition seed. */
    long extendedHash();

    /** Returns the value in the form PostgreSQL writes it (ISO dates, timestamps in UTC with offset), which {@link #parse} reads. */
    String text();

    /** Returns the family of types the value belongs to. */
    KeyType.Family family();

    /**
     * Returns the value PostgreSQL's input function for this type would make of the text.
     *
     * @throws KeyFormatException if it would refuse, or if the meaning depends on the session
     */
    static KeyValue parse(KeyType type, CharSequence text) {
        if (text.length() > TEXT_CHARACTERS_MAX) {
            throw new KeyFormatException(type, text, "at most " + TEXT_CHARACTERS_MAX + " characters");
        }
        return switch (type) {
            case INT2, INT4, INT8 -> IntegerInput.read(type, text);
            case TEXT, VARCHAR -> TextInput.read(type, text);
            case UUID -> UuidInput.read(text);
            case DATE, TIMESTAMP, TIMESTAMPTZ -> DateTimeInput.read(type, text);
            case NUMERIC -> NumericInput.read(text);
        };
    }

    /**
     * Returns the value of a parameter in binary format.
     *
     * @param type the type of the parameter, which must be the key's
     * @param content what follows the parameter's length; read from its position to its limit, both left as they are
     * @throws KeyFormatException if the type's receive function would refuse
     */
    static KeyValue receive(KeyType type, ByteBuffer content) {
        return BinaryInput.read(type, content.slice());
    }

    /** Returns the key of an {@code int2}, {@code int4} or {@code int8}. */
    static KeyValue ofLong(long value) {
        return new IntegerKey(value);
    }

    /** Returns the key of a {@code text} or {@code varchar} in UTF-8; the array is kept and must not change. */
    static KeyValue ofUtf8(byte[] utf8) {
        return new TextKey(utf8);
    }

    /** Returns the key of a {@code text} or {@code varchar}. */
    static KeyValue ofText(String text) {
        return parse(KeyType.TEXT, text);
    }

    /** Returns the key of a {@code uuid}. */
    static KeyValue ofUuid(java.util.UUID value) {
        return new UuidKey(value.getMostSignificantBits(), value.getLeastSignificantBits());
    }

    /** Returns the key of a finite {@code numeric}; trailing zeros do not count. */
    static KeyValue ofNumeric(BigDecimal value) {
        return NumericKey.of(value);
    }

    /** Returns the key of a {@code date}, in days since 2000-01-01; the extremes of {@code int} are the infinities. */
    static KeyValue ofDate(int days) {
        return new DateKey(days);
    }

    /** Returns the key of a {@code timestamp[tz]}, in µs since 2000-01-01 (UTC); the extremes of {@code long} are the infinities. */
    static KeyValue ofTimestamp(long micros) {
        return new TimestampKey(micros);
    }

    /** Integers of every width. */
    record IntegerKey(long value) implements KeyValue {
        @Override
        public long extendedHash() {
            return PartitionHash.extendedOfLong(value);
        }

        @Override
        public String text() {
            return Long.toString(value);
        }

        @Override
        public KeyType.Family family() {
            return KeyType.Family.INTEGER;
        }

        @Override
        public int compareTo(KeyValue other) {
            return Long.compare(value, ((IntegerKey) other).value);
        }
    }

    /** Text in UTF-8, compared by bytes. */
    record TextKey(byte[] utf8) implements KeyValue {
        @Override
        public long extendedHash() {
            return PartitionHash.extendedOfBytes(utf8);
        }

        @Override
        public String text() {
            return new String(utf8, StandardCharsets.UTF_8);
        }

        @Override
        public KeyType.Family family() {
            return KeyType.Family.TEXT;
        }

        @Override
        public int compareTo(KeyValue other) {
            return Arrays.compareUnsigned(utf8, ((TextKey) other).utf8);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof TextKey that && Arrays.equals(utf8, that.utf8);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(utf8);
        }

        @Override
        public String toString() {
            return "TextKey[" + text() + "]";
        }
    }

    /** A UUID, compared bytewise. */
    record UuidKey(long high, long low) implements KeyValue {
        @Override
        public long extendedHash() {
            return PartitionHash.extendedOfBytes(ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(high)
                    .putLong(low)
                    .array());
        }

        @Override
        public String text() {
            return new java.util.UUID(high, low).toString();
        }

        @Override
        public KeyType.Family family() {
            return KeyType.Family.UUID;
        }

        @Override
        public int compareTo(KeyValue other) {
            UuidKey that = (UuidKey) other;
            int byHigh = Long.compareUnsigned(high, that.high);
            return byHigh != 0 ? byHigh : Long.compareUnsigned(low, that.low);
        }
    }

    /** A date as days since 2000-01-01; the extremes are the infinities. */
    record DateKey(int days) implements KeyValue {
        @Override
        public long extendedHash() {
            return PartitionHash.extendedOfLong(days);
        }

        @Override
        public String text() {
            return DateTimeInput.dateText(days);
        }

        @Override
        public KeyType.Family family() {
            return KeyType.Family.DATE;
        }

        @Override
        public int compareTo(KeyValue other) {
            return Integer.compare(days, ((DateKey) other).days);
        }
    }

    /** A timestamp, with or without time zone, as µs since 2000-01-01; the extremes are the infinities. */
    record TimestampKey(long micros) implements KeyValue {
        @Override
        public long extendedHash() {
            return PartitionHash.extendedOfLong(micros);
        }

        @Override
        public String text() {
            return DateTimeInput.timestampText(micros);
        }

        @Override
        public KeyType.Family family() {
            return KeyType.Family.TIMESTAMP;
        }

        @Override
        public int compareTo(KeyValue other) {
            return Long.compare(micros, ((TimestampKey) other).micros);
        }
    }
}
