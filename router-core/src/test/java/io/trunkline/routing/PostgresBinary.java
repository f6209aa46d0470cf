// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The send functions of PostgreSQL, written for tests from the source, not from the router's reader. */
final class PostgresBinary {
    private PostgresBinary() {}

    static byte[] int2(long value) {
        return ByteBuffer.allocate(2).putShort((short) value).array();
    }

    static byte[] int4(long value) {
        return ByteBuffer.allocate(4).putInt((int) value).array();
    }

    static byte[] int8(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] uuid(UUID value) {
        return ByteBuffer.allocate(16)
                .putLong(value.getMostSignificantBits())
                .putLong(value.getLeastSignificantBits())
                .array();
    }

    static byte[] date(LocalDate value) {
        return int4(ChronoUnit.DAYS.between(LocalDate.of(2000, 1, 1), value));
    }

    static byte[] timestamp(LocalDateTime value) {
        return int8(ChronoUnit.MICROS.between(LocalDateTime.of(2000, 1, 1, 0, 0), value));
    }

    static byte[] numeric(BigDecimal value) {
        int scale = Math.max(0, value.scale());
        // Pad the fraction to whole groups of four digits.
        int fractionGroups = (scale + 3) / 4;
        BigInteger unscaled = value.abs().setScale(4 * fractionGroups).unscaledValue();
        List<Short> groups = new ArrayList<>();
        for (BigInteger rest = unscaled; rest.signum() != 0; rest = rest.divide(BigInteger.valueOf(10_000))) {
            groups.add(0, rest.mod(BigInteger.valueOf(10_000)).shortValue());
        }
        int weight = groups.size() - fractionGroups - 1;
        while (!groups.isEmpty() && groups.get(groups.size() - 1) == 0) {
            groups.remove(groups.size() - 1);
        }
        ByteBuffer out = ByteBuffer.allocate(8 + 2 * groups.size());
        out.putShort((short) groups.size());
        out.putShort((short) (groups.isEmpty() ? 0 : weight));
        out.putShort((short) (value.signum() < 0 ? 0x4000 : 0));
        out.putShort((short) scale);
        groups.forEach(out::putShort);
        return out.array();
    }

    static byte[] array(int elementType, List<byte @Nullable []> elements) {
        int size = 20;
        boolean hasNull = false;
        for (byte[] element : elements) {
            size += 4 + (element == null ? 0 : element.length);
            hasNull |= element == null;
        }
        ByteBuffer out = ByteBuffer.allocate(elements.isEmpty() ? 12 : size);
        out.putInt(elements.isEmpty() ? 0 : 1).putInt(hasNull ? 1 : 0).putInt(elementType);
        if (!elements.isEmpty()) {
            out.putInt(elements.size()).putInt(1);
        }
        for (byte[] element : elements) {
            out.putInt(element == null ? -1 : element.length);
            if (element != null) {
                out.put(element);
            }
        }
        return out.array();
    }
}
