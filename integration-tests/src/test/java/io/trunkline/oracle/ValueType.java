// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/**
 * A type of columns and parameters, with a numbered row of values.
 *
 * <p>Equal values have equal texts ({@code 1.50}, never {@code 1.5}), so that it does not matter which of several equal rows a server shows.
 */
enum ValueType {
    INT4(23, 1007),
    INT8(20, 1016),
    NUMERIC(1700, 1231),
    TEXT(25, 1009),
    BOOL(16, 1000),
    TIMESTAMPTZ(1184, 1185),
    BYTEA(17, 1001),
    UUID(2950, 2951);

    private static final List<String> WORDS = List.of(
            "a",
            "b",
            "B",
            "",
            "it's",
            "null",
            "NULL",
            "\u00e4pfel",
            "x%y",
            "a b",
            "a ",
            "\\n",
            "$1",
            "0",
            "{}",
            "\"q\"",
            "--",
            "\u20ac",
            "aa",
            "z;");
    private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");
    private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ssX");

    private final int oid;
    private final int arrayOid;

    ValueType(int oid, int arrayOid) {
        this.oid = oid;
        this.arrayOid = arrayOid;
    }

    int oid() {
        return oid;
    }

    int arrayOid() {
        return arrayOid;
    }

    /** Returns the type's name in SQL. */
    String sql() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    boolean isNumber() {
        return this == INT4 || this == INT8 || this == NUMERIC;
    }

    /** Says whether there are {@code min} and {@code max} of it on every supported major version. */
    boolean hasExtremes() {
        return isNumber() || this == TEXT || this == TIMESTAMPTZ;
    }

    /** Returns the text of the value with this number, from 0: different numbers, different values, but for booleans. */
    String value(int number) {
        return switch (this) {
            case INT4 -> Integer.toString(number - 4);
            case INT8 -> number % 7 == 6 ? Long.toString(number * 10_000_000_000L) : Integer.toString(number - 4);
            case NUMERIC -> BigDecimal.valueOf(number * 25L - 100, 2).toPlainString();
            case TEXT ->
                number < WORDS.size() ? WORDS.get(number) : WORDS.get(number % WORDS.size()) + number / WORDS.size();
            case BOOL -> number % 2 == 0 ? "t" : "f";
            case TIMESTAMPTZ ->
                TIMESTAMP
                        .format(Instant.parse("2024-02-28T00:00:00Z")
                                .plus(number * 11L, ChronoUnit.HOURS)
                                .atOffset(ZoneOffset.UTC))
                        .replace("Z", "+00");
            case BYTEA -> "\\x" + HexFormat.of().formatHex(new byte[] {(byte) number, 0, (byte) (255 - number)});
            case UUID -> new UUID(number * 0x9E3779B97F4A7C15L, number).toString();
        };
    }

    /** Returns a value's binary format. */
    byte[] binary(String text) {
        return switch (this) {
            case INT4 ->
                ByteBuffer.allocate(Integer.BYTES)
                        .putInt(Integer.parseInt(text))
                        .array();
            case INT8 ->
                ByteBuffer.allocate(Long.BYTES).putLong(Long.parseLong(text)).array();
            case NUMERIC -> numeric(new BigDecimal(text));
            case TEXT -> text.getBytes(UTF_8);
            case BOOL -> new byte[] {(byte) (text.equals("t") ? 1 : 0)};
            case TIMESTAMPTZ ->
                ByteBuffer.allocate(Long.BYTES)
                        .putLong(ChronoUnit.MICROS.between(
                                EPOCH,
                                OffsetDateTime.parse(text.replace("+00", "Z"), TIMESTAMP)
                                        .toInstant()))
                        .array();
            case BYTEA -> HexFormat.of().parseHex(text.substring(2));
            case UUID -> uuid(java.util.UUID.fromString(text));
        };
    }

    private static byte[] uuid(UUID uuid) {
        return ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    /** {@code int16 count · int16 weight · int16 sign · int16 scale · count × int16 digit to the base of 10000}, of a scale of at most 4. */
    private static byte[] numeric(BigDecimal value) {
        long scaled = value.abs().movePointRight(4).longValueExact();
        ByteBuffer digits = ByteBuffer.allocate(8 + 3 * Short.BYTES);
        digits.putShort((short) 3)
                .putShort((short) 1)
                .putShort((short) (value.signum() < 0 ? 0x4000 : 0))
                .putShort((short) value.scale())
                .putShort((short) (scaled / 100_000_000))
                .putShort((short) (scaled / 10_000 % 10_000))
                .putShort((short) (scaled % 10_000));
        return digits.array();
    }
}
