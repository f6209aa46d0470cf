// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That the canonical forms are the server's is checked against a server in {@code PartitionHashIT}. */
class KeyValueTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "INT2|-32768|-32768",
                "INT4| +42 |42",
                "INT4|007|7",
                "INT4|-0|0",
                "INT4|1_000_000|1000000",
                "INT4|0x7fffFFFF|2147483647",
                "INT4|-0x80000000|-2147483648",
                "INT4|0o17|15",
                "INT4|0b_101|5",
                "INT8|9223372036854775807|9223372036854775807",
                "INT8|-9223372036854775808|-9223372036854775808",
                "TEXT|grün|grün",
                "TEXT| padded | padded ",
                "UUID|A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "UUID|{a0eebc999c0b4ef8bb6d6bb9bd380a11}|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "UUID|a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "DATE|2024-02-29|2024-02-29",
                "DATE|2024-1-5|2024-01-05",
                "DATE|0044-03-15 BC|0044-03-15 BC",
                "DATE|5874897-12-31|5874897-12-31",
                "DATE|2024-01-05 24:00:00|2024-01-05",
                "DATE|2024-01-05 +01|2024-01-05",
                "DATE|Infinity|infinity",
                "DATE|-infinity|-infinity",
                "TIMESTAMP|2024-01-05|2024-01-05 00:00:00+00",
                "TIMESTAMP|2024-01-05T10:11:12.5|2024-01-05 10:11:12.500000+00",
                "TIMESTAMP|2024-01-05 10:11:12+05|2024-01-05 10:11:12+00",
                "TIMESTAMP|2024-01-05 24:00|2024-01-06 00:00:00+00",
                "TIMESTAMP|2024-01-05 23:59:60|2024-01-06 00:00:00+00",
                "TIMESTAMP|2024-01-05 10:00:00.1234565|2024-01-05 10:00:00.123456+00",
                "TIMESTAMP|2024-01-05 10:00:00.1234575|2024-01-05 10:00:00.123458+00",
                "TIMESTAMP|4714-11-24 00:00:00 BC|4714-11-24 00:00:00+00 BC",
                "TIMESTAMPTZ|2024-01-05 10:11:12+05:30|2024-01-05 04:41:12+00",
                "TIMESTAMPTZ|2024-01-05 10:11:12-0330|2024-01-05 13:41:12+00",
                "TIMESTAMPTZ|2024-01-05 10:11:12+01:30:10|2024-01-05 08:41:02+00",
                "TIMESTAMPTZ|2024-01-05T10:11Z|2024-01-05 10:11:00+00",
                "TIMESTAMPTZ|2024-01-05 +01|2024-01-04 23:00:00+00",
                "TIMESTAMPTZ|294277-01-01 04:00:00+05|294276-12-31 23:00:00+00",
                "TIMESTAMPTZ|infinity|infinity",
                "NUMERIC|1.50|1.5",
                "NUMERIC| -00012.0 |-12",
                "NUMERIC|.5|0.5",
                "NUMERIC|5.|5",
                "NUMERIC|1e3|1000",
                "NUMERIC|12.5E-2|0.125",
                "NUMERIC|1_000.000_1|1000.0001",
                "NUMERIC|0xff|255",
                "NUMERIC|-0|0",
                "NUMERIC|nan|NaN",
                "NUMERIC|+INF|Infinity",
                "NUMERIC|-infinity|-Infinity",
            })
    void readsTextAsTheInputFunctionDoes(KeyType type, String text, String canonical) {
        KeyValue key = KeyValue.parse(type, text);

        assertThat(key.text()).isEqualTo(canonical);
        assertThat(KeyValue.parse(type, key.text())).isEqualTo(key);
        assertThat(type.accepts(key)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "INT2|32768",
                "INT4|2147483648",
                "INT4|-2147483649",
                "INT8|9223372036854775808",
                "INT8|-9223372036854775809",
                "INT8|0xffffffffffffffff",
                "INT4|",
                "INT4|   ",
                "INT4|-",
                "INT4|+ 1",
                "INT4|1 2",
                "INT4|1.0",
                "INT4|1e3",
                "INT4|0x",
                "INT4|0b2",
                "INT4|_1",
                "INT4|1_",
                "INT4|1__0",
                "INT4|٤٢",
                "INT4|\u00a042",
                "INT4|\"42\"",
                "TEXT|a\0b",
                "TEXT|\uD800",
                "UUID| a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "UUID|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                "UUID|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
                "UUID|a-0eebc999c0b4ef8bb6d6bb9bd380a11",
                "UUID|{a0eebc999c0b4ef8bb6d6bb9bd380a11",
                "UUID|a0eebc999c0b4ef8bb6d6bb9bd380a11-",
                "UUID|a0ee--bc999c0b4ef8bb6d6bb9bd380a11",
                "DATE|05.01.2024",
                "DATE|01/05/2024",
                "DATE|20240105",
                "DATE|24-01-05",
                "DATE|today",
                "DATE|2024-02-30",
                "DATE|0000-01-01",
                "DATE|2024-13-01",
                "DATE|4714-11-23 BC",
                "DATE|5874898-01-01",
                "DATE|2024-01-05+01",
                "DATE|2024-01-05 10:00 Europe/Berlin",
                "TIMESTAMP|2024-01-05 25:00",
                "TIMESTAMP|2024-01-05 24:00:01",
                "TIMESTAMP|2024-01-05 10:60",
                "TIMESTAMP|2024-01-05 10:00:61",
                "TIMESTAMP|294277-01-01",
                "TIMESTAMP|now",
                "TIMESTAMPTZ|2024-01-05",
                "TIMESTAMPTZ|2024-01-05 10:00:00",
                "TIMESTAMPTZ|2024-01-05 10:00:00 CET",
                "TIMESTAMPTZ|2024-01-05 10:00:00+16",
                "TIMESTAMPTZ|2024-01-05 10:00:00+0130:15",
                "NUMERIC|",
                "NUMERIC|.",
                "NUMERIC|1e",
                "NUMERIC|1 000",
                "NUMERIC|1,5",
                "NUMERIC|_1",
                "NUMERIC|1_",
                "NUMERIC|1e999999",
                "NUMERIC|1e500",
                "NUMERIC|1e-491",
                "NUMERIC|infinit",
            })
    void refusesWhatTheServerWouldRefuseAndWhatDependsOnTheSession(KeyType type, String text) {
        String given = text == null ? "" : text;

        assertThatThrownBy(() -> KeyValue.parse(type, given))
                .isInstanceOf(KeyFormatException.class)
                .hasMessageStartingWith("key value \"")
                .hasMessageContaining("is not a usable " + type.typeName() + " (expected: ");
    }

    @Test
    void skipsWhiteSpaceOfEveryKindAroundNumbers() {
        assertThat(KeyValue.parse(KeyType.INT4, "\t\n42\u000b\f\r")).isEqualTo(KeyValue.ofLong(42));
        assertThat(KeyValue.parse(KeyType.NUMERIC, "\t\n42\u000b\f\r"))
                .isEqualTo(KeyValue.ofNumeric(new BigDecimal(42)));
    }

    @Test
    void readsBackTheLargestNumeric() {
        KeyValue key = KeyValue.parse(KeyType.NUMERIC, "-9" + "0".repeat(499) + "." + "1".repeat(490));

        assertThat(KeyValue.parse(KeyType.NUMERIC, key.text())).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(ints = {1001, 2_000_000})
    void boundsWhatItReads(int digits) {
        String text = "1".repeat(digits);

        assertThatThrownBy(() -> KeyValue.parse(KeyType.NUMERIC, text))
                .isInstanceOf(KeyFormatException.class)
                .satisfies(refusal -> assertThat(refusal.getMessage()).hasSizeLessThan(250));
    }

    @Test
    void refusesWithoutAStackTrace() {
        assertThatThrownBy(() -> KeyValue.parse(KeyType.INT4, "x"))
                .satisfies(refusal -> assertThat(refusal.getStackTrace()).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({
        "INT2, fffe, -2",
        "INT4, 0000002a, 42",
        "INT8, ffffffffffffffff, -1",
        "TEXT, 6772c3bc6e, grün",
        "VARCHAR, '', ''",
        "UUID, 00000000000000000000000000000001, 00000000-0000-0000-0000-000000000001",
        "DATE, 00000001, 2000-01-02",
        "DATE, 7fffffff, infinity",
        "TIMESTAMP, 00000000000f4240, 2000-01-01 00:00:01",
        "TIMESTAMPTZ, ffffffffffffffff, 1999-12-31 23:59:59.999999+00",
        "NUMERIC, 0002000000000001 0001 1388, 1.5",
        "NUMERIC, 0001000140000000 0007, -70000",
        "NUMERIC, 0001ffff00000002 0064, 0.01",
        "NUMERIC, 0000000000000000, 0",
        "NUMERIC, 00000000c0000000, NaN",
        "NUMERIC, 00000000d0000000, Infinity",
        "NUMERIC, 00000000f0000000, -Infinity",
    })
    void readsTheBinaryFormat(KeyType type, String hex, String text) {
        ByteBuffer content = ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));

        KeyValue key = KeyValue.receive(type, content);

        assertThat(key).isEqualTo(KeyValue.parse(type, text));
        assertThat(content.position()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "INT4, 00000000000000",
        "INT8, 0000002a",
        "TEXT, 610062",
        "UUID, 00",
        "NUMERIC, 00",
        "NUMERIC, 0001000000000000",
        "NUMERIC, 00010000000000002710",
        "NUMERIC, 0000000000010000",
        "NUMERIC, 00017530000000000001",
        "NUMERIC, 0002000000000000 0001 1388",
    })
    void refusesBinaryOfTheWrongShape(KeyType type, String hex) {
        ByteBuffer content = ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));

        assertThatThrownBy(() -> KeyValue.receive(type, content)).isInstanceOf(KeyFormatException.class);
    }

    @Test
    void ordersAsTheServerDoes() {
        assertAscending(KeyValue.ofLong(Long.MIN_VALUE), KeyValue.ofLong(-1), KeyValue.ofLong(0), KeyValue.ofLong(1));
        assertAscending(KeyValue.ofText(""), KeyValue.ofText("Z"), KeyValue.ofText("a"), KeyValue.ofText("ä"));
        assertAscending(
                KeyValue.ofUuid(new UUID(0, 1)),
                KeyValue.ofUuid(new UUID(Long.MAX_VALUE, 0)),
                KeyValue.ofUuid(new UUID(Long.MIN_VALUE, 0)));
        assertAscending(
                KeyValue.parse(KeyType.NUMERIC, "-Infinity"),
                KeyValue.ofNumeric(new BigDecimal("-1e9")),
                KeyValue.ofNumeric(new BigDecimal("1.5")),
                KeyValue.parse(KeyType.NUMERIC, "Infinity"),
                KeyValue.parse(KeyType.NUMERIC, "NaN"));
        assertAscending(
                KeyValue.parse(KeyType.DATE, "-infinity"), KeyValue.ofDate(0), KeyValue.ofDate(Integer.MAX_VALUE));
        assertAscending(KeyValue.ofTimestamp(Long.MIN_VALUE), KeyValue.ofTimestamp(0), KeyValue.ofTimestamp(1));
    }

    @Test
    void holdsEqualValuesOfDifferentWritingForOneKey() {
        assertThat(KeyValue.parse(KeyType.NUMERIC, "1.50")).isEqualTo(KeyValue.ofNumeric(new BigDecimal("1.5")));
        assertThat(KeyValue.parse(KeyType.INT2, "7")).isEqualTo(KeyValue.parse(KeyType.INT8, "0x7"));
        assertThat(KeyValue.ofUtf8("é".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(KeyValue.ofText("é"))
                .isNotEqualTo(KeyValue.ofText("e\u0301"));
    }

    @Property
    void readsBackEveryInteger(@ForAll long value) {
        assertThat(KeyValue.parse(KeyType.INT8, Long.toString(value))).isEqualTo(KeyValue.ofLong(value));
        assertThat(KeyValue.parse(KeyType.NUMERIC, Long.toString(value)))
                .isEqualTo(KeyValue.ofNumeric(BigDecimal.valueOf(value)));
    }

    @Property
    void readsBackEveryNumeric(@ForAll BigDecimal value) {
        KeyValue key = KeyValue.ofNumeric(value);

        assertThat(KeyValue.parse(KeyType.NUMERIC, value.toString())).isEqualTo(key);
        assertThat(KeyValue.parse(KeyType.NUMERIC, value.toPlainString() + (value.scale() > 0 ? "0" : "")))
                .isEqualTo(key);
        assertThat(KeyValue.ofNumeric(value.negate()).extendedHash()).isEqualTo(key.extendedHash());
    }

    @Property
    void readsBackEveryDateAndTimestamp(@ForAll int day, @ForAll long time) {
        int days = Math.floorMod(day, 4_000_000) - 2_451_545;
        long micros = Math.floorMod(time, 9_000_000_000_000_000_00L) - 211_813_488_000_000_000L;

        assertThat(KeyValue.parse(KeyType.DATE, KeyValue.ofDate(days).text())).isEqualTo(KeyValue.ofDate(days));
        String timestamp = KeyValue.ofTimestamp(micros).text();
        assertThat(KeyValue.parse(KeyType.TIMESTAMP, timestamp)).isEqualTo(KeyValue.ofTimestamp(micros));
        assertThat(KeyValue.parse(KeyType.TIMESTAMPTZ, timestamp)).isEqualTo(KeyValue.ofTimestamp(micros));
    }

    private static void assertAscending(KeyValue... keys) {
        assertThat(List.of(keys)).isSorted();
    }
}
