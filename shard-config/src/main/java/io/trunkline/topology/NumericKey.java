// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Objects;

/**
 * A {@code numeric} without regard to its display scale: {@code 1.5} and {@code 1.50} are one key.
 *
 * <p>PostgreSQL keeps digits of base 10,000, {@code value = Σ digit[i] · 10000^(weight - i)}, and hashes the digits between the
 * first and the last that is not zero, then the weight; the sign does not take part.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/utils/adt/numeric.c">numeric.c:
 *     hash_numeric_extended</a>
 */
public final class NumericKey implements KeyValue {
    /** {@code NaN}, which PostgreSQL holds equal to itself and greater than everything else. */
    static final NumericKey NOT_A_NUMBER = new NumericKey(Kind.NOT_A_NUMBER, BigDecimal.ZERO);

    static final NumericKey INFINITY = new NumericKey(Kind.INFINITY, BigDecimal.ZERO);
    static final NumericKey NEGATIVE_INFINITY = new NumericKey(Kind.NEGATIVE_INFINITY, BigDecimal.ZERO);

    /** Decimal digits in one digit of base 10,000. */
    private static final int GROUP_DIGITS = 4;

    /** The kinds of values in the order PostgreSQL sorts them. */
    private enum Kind {
        NEGATIVE_INFINITY("-Infinity"),
        FINITE(""),
        INFINITY("Infinity"),
        NOT_A_NUMBER("NaN");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    private final Kind kind;
    /** Without trailing zeros; zero unless finite. */
    private final BigDecimal value;

    private NumericKey(Kind kind, BigDecimal value) {
        this.kind = kind;
        this.value = value;
    }

    static NumericKey of(BigDecimal value) {
        return new NumericKey(Kind.FINITE, value.stripTrailingZeros());
    }

    @Override
    public long extendedHash() {
        if (kind != Kind.FINITE) {
            return PartitionHash.SEED;
        }
        if (value.signum() == 0) {
            return PartitionHash.SEED - 1;
        }
        String digits = groupedDigits();
        int groups = digits.length() / GROUP_DIGITS;
        int lastGroupExponent = -Math.floorDiv(value.scale() + GROUP_DIGITS - 1, GROUP_DIGITS);
        int weight = lastGroupExponent + groups - 1;
        byte[] content = new byte[2 * groups];
        for (int i = 0; i < groups; i++) {
            int group = Integer.parseInt(digits, i * GROUP_DIGITS, (i + 1) * GROUP_DIGITS, 10);
            content[2 * i] = (byte) group;
            content[2 * i + 1] = (byte) (group >>> 8);
        }
        // The weight is an int in C and is extended with its sign before the exclusive or.
        return PartitionHash.extendedOfBytes(content) ^ weight;
    }

    /**
     * Returns the decimal digits, filled with zeros on both sides so that groups of four are the digits of base 10,000.
     *
     * <p>No group at either end is zero, since the value has neither leading nor trailing zeros.
     */
    private String groupedDigits() {
        int trailing = Math.floorMod(-value.scale(), GROUP_DIGITS);
        BigInteger magnitude = value.unscaledValue().abs();
        String digits = magnitude + "0".repeat(trailing);
        return "0".repeat(Math.floorMod(-digits.length(), GROUP_DIGITS)) + digits;
    }

    @Override
    public String text() {
        return kind == Kind.FINITE ? value.toPlainString() : kind.text;
    }

    @Override
    public KeyType.Family family() {
        return KeyType.Family.NUMERIC;
    }

    @Override
    public int compareTo(KeyValue other) {
        NumericKey that = (NumericKey) other;
        int byKind = kind.compareTo(that.kind);
        return byKind != 0 ? byKind : value.compareTo(that.value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NumericKey that && kind == that.kind && value.equals(that.value);
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, value);
    }

    @Override
    public String toString() {
        return "NumericKey[" + (kind == Kind.FINITE ? value.toString() : kind.text) + "]";
    }
}
