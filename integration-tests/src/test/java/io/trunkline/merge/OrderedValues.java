// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;

/** The types the router orders values of, with random texts of values, half of them at the edges or equal to others in another form. */
enum OrderedValues {
    BOOL(16, "bool", random -> random.nextBoolean() ? "t" : "f"),
    CHAR(
            18,
            "\"char\"",
            random -> "\\"
                    + Integer.toOctalString(0x200 | (1 + random.nextInt(255))).substring(1)),
    INT2(21, "int2", random -> Long.toString(integer(random, 16))),
    INT4(23, "int4", random -> Long.toString(integer(random, 32))),
    INT8(20, "int8", random -> Long.toString(integer(random, 64))),
    OID(26, "oid", random -> Long.toString(integer(random, 32) & 0xFFFF_FFFFL)),
    XID8(5069, "xid8", random -> Long.toUnsignedString(integer(random, 64))),
    FLOAT4(700, "float4", OrderedValues::float4),
    FLOAT8(701, "float8", OrderedValues::float8),
    NUMERIC(1700, "numeric", OrderedValues::numeric),
    TEXT(25, "text", random -> word(random, 40)),
    VARCHAR(1043, "varchar", random -> word(random, 12)),
    BPCHAR(1042, "bpchar", random -> word(random, 6)),
    NAME(19, "name", random -> word(random, 12)),
    BYTEA(17, "bytea", random -> "\\x" + HexFormat.of().formatHex(bytes(random, random.nextInt(12)))),
    UUID_(2950, "uuid", random -> new UUID(integer(random, 64), integer(random, 64)).toString()),
    DATE(1082, "date", OrderedValues::date),
    TIME(1083, "time", OrderedValues::time),
    TIMETZ(1266, "timetz", random -> time(random) + zone(random)),
    TIMESTAMP(1114, "timestamp", OrderedValues::timestamp),
    TIMESTAMPTZ(1184, "timestamptz", random -> {
        String timestamp = timestamp(random);
        return timestamp.endsWith("infinity") ? timestamp : timestamp + zone(random);
    }),
    INTERVAL(1186, "interval", OrderedValues::interval),
    MONEY(790, "money", random -> BigDecimal.valueOf(integer(random, 64), 2).toPlainString()),
    PG_LSN(
            3220,
            "pg_lsn",
            random -> Long.toHexString(integer(random, 32) & 0xFFFF_FFFFL) + "/"
                    + Long.toHexString(integer(random, 32) & 0xFFFF_FFFFL)),
    MACADDR(829, "macaddr", random -> HexFormat.ofDelimiter(":").formatHex(bytes(random, 6))),
    MACADDR8(774, "macaddr8", random -> HexFormat.ofDelimiter(":").formatHex(bytes(random, 8)));

    private final int oid;
    private final String typeName;
    private final Function<Random, String> text;

    OrderedValues(int oid, String typeName, Function<Random, String> text) {
        this.oid = oid;
        this.typeName = typeName;
        this.text = text;
    }

    int oid() {
        return oid;
    }

    String typeName() {
        return typeName;
    }

    /** Returns what the column to order by is, with the collation the router's order is valid for. */
    String ordered(String column) {
        ValueOrder order = ValueOrder.of(oid);
        return order != null && order.isCollated() ? column + " collate \"C\"" : column;
    }

    /** Returns texts of values that servers of this major version have. */
    List<String> texts(int major, long seed, int count) {
        Random random = new Random(seed + ordinal());
        List<String> texts = new ArrayList<>();
        while (texts.size() < count) {
            String next = text.apply(random);
            // PostgreSQL 17 is the first with infinite intervals.
            if (this != INTERVAL || major >= 17 || !next.endsWith("infinity")) {
                texts.add(next);
            }
        }
        return texts;
    }

    private static long integer(Random random, int bits) {
        long edge = 1L << (bits - 1);
        long value = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(7) - 3;
            case 1 -> edge + random.nextInt(7) - 3;
            case 2 -> random.nextLong() >> random.nextInt(64);
            default -> random.nextLong();
        };
        return value << (64 - bits) >> (64 - bits);
    }

    static String float4(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> List.of("NaN", "Infinity", "-Infinity", "0", "-0").get(random.nextInt(5));
            case 1 -> Float.toString((float) Math.scalb(random.nextBoolean() ? 1.0 : -1.0, random.nextInt(276) - 149));
            case 2 -> Integer.toString(random.nextInt(41) - 20);
            case 3 -> Float.toString(random.nextInt(2_000_000) * (float) Math.pow(10, random.nextInt(20) - 10));
            case 4 -> random.nextInt(10_000) + "e" + random.nextInt(14);
            default -> Float.toString(Float.intBitsToFloat(random.nextInt()));
        };
    }

    static String float8(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> List.of("NaN", "Infinity", "-Infinity", "0", "-0").get(random.nextInt(5));
            case 1 -> Double.toString(Math.scalb(random.nextBoolean() ? 1.0 : -1.0, random.nextInt(2098) - 1074));
            case 2 -> Integer.toString(random.nextInt(41) - 20);
            case 3 -> Double.toString(random.nextInt(2_000_000) * Math.pow(10, random.nextInt(30) - 15));
            // Some of these stand exactly between two values, such as 1e23.
            case 4 -> random.nextInt(100) + "e" + (15 + random.nextInt(12));
            default -> Double.toString(Double.longBitsToDouble(random.nextLong()));
        };
    }

    static String numeric(Random random) {
        if (random.nextInt(20) == 0) {
            return List.of("NaN", "Infinity", "-Infinity", "0", "-0.000").get(random.nextInt(5));
        }
        BigInteger digits = random.nextBoolean()
                ? BigInteger.valueOf(random.nextInt(21) - 10)
                : new BigInteger(random.nextInt(200), random);
        BigDecimal value = new BigDecimal(random.nextBoolean() ? digits : digits.negate(), random.nextInt(60) - 25);
        String text = value.toPlainString();
        return text.contains(".") ? text + "0".repeat(random.nextInt(6)) : text;
    }

    private static String word(Random random, int lengthMax) {
        StringBuilder word = new StringBuilder();
        int length = random.nextInt(lengthMax);
        for (int i = 0; i < length; i++) {
            word.append(List.of("a", "A", "b", " ", "-", "z", "é", "ß", "\t", "中", "\uFFFD", "\uD83D\uDE00", "~")
                    .get(random.nextInt(random.nextBoolean() ? 5 : 13)));
        }
        return word + " ".repeat(random.nextInt(3));
    }

    private static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(2) * 255);
        }
        return bytes;
    }

    private static String date(Random random) {
        int kind = random.nextInt(30);
        if (kind < 2) {
            return kind == 0 ? "infinity" : "-infinity";
        }
        LocalDate date = LocalDate.ofEpochDay(random.nextInt(kind < 15 ? 60_000 : 30) - 11_000);
        return date + (kind == 3 && date.getDayOfMonth() < 29 ? " BC" : "");
    }

    private static String time(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> "24:00:00";
            case 1 -> "00:00:00";
            case 2 -> "%02d:00:00".formatted(random.nextInt(24));
            default ->
                "%02d:%02d:%02d.%06d"
                        .formatted(
                                random.nextInt(24), random.nextInt(60), random.nextInt(60), random.nextInt(1_000_000));
        };
    }

    private static String zone(Random random) {
        String sign = random.nextBoolean() ? "+" : "-";
        return random.nextBoolean()
                ? sign + "%02d".formatted(random.nextInt(14))
                : sign + "%02d:%02d:%02d".formatted(random.nextInt(14), random.nextInt(60), random.nextInt(60));
    }

    private static String timestamp(Random random) {
        String date = date(random);
        return date.endsWith("infinity") || date.endsWith("BC") ? date : date + " " + time(random);
    }

    private static String interval(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextBoolean() ? "infinity" : "-infinity";
            case 1 -> "%d mons".formatted((int) integer(random, 31));
            case 2 -> "%d days".formatted((int) integer(random, 32));
            case 3, 4, 5 ->
                // These are equal to others in many ways.
                "%d mons %d days %d hours"
                        .formatted(random.nextInt(5) - 2, 30 * random.nextInt(5) - 60, 24 * random.nextInt(5) - 48);
            case 6 ->
                "%d mons %d days %d microseconds"
                        .formatted((int) integer(random, 31), (int) integer(random, 31), integer(random, 62));
            default ->
                "%d mons %d days %d microseconds"
                        .formatted(random.nextInt(7) - 3, random.nextInt(90) - 45, random.nextLong() >> 20);
        };
    }
}
