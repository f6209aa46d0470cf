// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.KeyValue.DateKey;
import io.trunkline.topology.KeyValue.IntegerKey;
import io.trunkline.topology.KeyValue.TimestampKey;
import io.trunkline.topology.KeyValue.UuidKey;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;

/** The receive functions: parameters in binary format. Everything is big-endian. */
final class BinaryInput {
    /** Most digits of base 10,000 a {@code numeric} may have here, matching {@link NumericInput#CHARACTERS_MAX}. */
    private static final int NUMERIC_GROUPS_MAX = NumericInput.CHARACTERS_MAX / 4;

    private static final int NUMERIC_NEGATIVE = 0x4000;
    private static final int NUMERIC_NAN = 0xC000;
    private static final int NUMERIC_INFINITY = 0xD000;
    private static final int NUMERIC_NEGATIVE_INFINITY = 0xF000;

    private BinaryInput() {}

    static KeyValue read(KeyType type, ByteBuffer content) {
        return switch (type) {
            case INT2 -> new IntegerKey(sized(type, content, Short.BYTES).getShort());
            case INT4 -> new IntegerKey(sized(type, content, Integer.BYTES).getInt());
            case INT8 -> new IntegerKey(sized(type, content, Long.BYTES).getLong());
            case TEXT, VARCHAR -> text(type, content);
            case UUID -> {
                ByteBuffer halves = sized(type, content, 2 * Long.BYTES);
                yield new UuidKey(halves.getLong(), halves.getLong());
            }
            case DATE -> new DateKey(sized(type, content, Integer.BYTES).getInt());
            case TIMESTAMP, TIMESTAMPTZ ->
                new TimestampKey(sized(type, content, Long.BYTES).getLong());
            case NUMERIC -> numeric(content);
        };
    }

    private static KeyValue text(KeyType type, ByteBuffer content) {
        byte[] utf8 = new byte[content.remaining()];
        content.get(utf8);
        return TextInput.read(type, utf8, "(binary)");
    }

    private static ByteBuffer sized(KeyType type, ByteBuffer content, int bytes) {
        if (content.remaining() != bytes) {
            throw refuse(type, content, bytes + " bytes");
        }
        return content;
    }

    /** {@code int16 digits · int16 weight · uint16 sign · int16 display scale · digits × int16}, digits of base 10,000. */
    private static KeyValue numeric(ByteBuffer content) {
        if (content.remaining() < 4 * Short.BYTES) {
            throw refuse(KeyType.NUMERIC, content, "at least 8 bytes");
        }
        int groups = Short.toUnsignedInt(content.getShort());
        int weight = content.getShort();
        int sign = Short.toUnsignedInt(content.getShort());
        int displayScale = content.getShort();
        switch (sign) {
            case NUMERIC_NAN:
                return NumericKey.NOT_A_NUMBER;
            case NUMERIC_INFINITY:
                return NumericKey.INFINITY;
            case NUMERIC_NEGATIVE_INFINITY:
                return NumericKey.NEGATIVE_INFINITY;
            case 0, NUMERIC_NEGATIVE:
                break;
            default:
                throw refuse(KeyType.NUMERIC, content, "a known sign");
        }
        if (groups > NUMERIC_GROUPS_MAX || content.remaining() != groups * Short.BYTES) {
            throw refuse(KeyType.NUMERIC, content, groups + " digits of two bytes, at most " + NUMERIC_GROUPS_MAX);
        }
        StringBuilder digits = new StringBuilder("0");
        for (int i = 0; i < groups; i++) {
            int group = content.getShort();
            if (group < 0 || group > 9999) {
                throw refuse(KeyType.NUMERIC, content, "digits from 0 to 9999");
            }
            digits.append(Integer.toString(10_000 + group), 1, 5);
        }
        int scale = 4 * (groups - 1 - weight);
        BigDecimal magnitude = new BigDecimal(new BigInteger(digits.toString()), scale).stripTrailingZeros();
        if (!NumericInput.isReadable(magnitude)) {
            throw refuse(KeyType.NUMERIC, content, "a number of as many digits as in text");
        }
        // numeric_recv cuts what the display scale does not show; what is cut there must not count here.
        if (magnitude.signum() != 0 && magnitude.scale() > displayScale) {
            throw refuse(KeyType.NUMERIC, content, "no digits beyond the display scale");
        }
        return NumericKey.of(sign == NUMERIC_NEGATIVE ? magnitude.negate() : magnitude);
    }

    private static KeyFormatException refuse(KeyType type, ByteBuffer content, String expectation) {
        return new KeyFormatException(type, "(" + content.limit() + " bytes, binary)", expectation);
    }
}
