// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.KeyOperand;
import io.trunkline.testing.Case;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

/** One value, however it is sent, is one key and leads to one shard. */
@Case("E42")
class ShardKeyReaderPropertyTest {
    private static final KeyOperand FIRST = new KeyOperand.Parameter(1, null);
    private static final HashSlots THREE_SHARDS = HashSlots.evenly(1024, 3);

    @Property
    void integersOfEveryWidthAndFormatAreOneKey(@ForAll short value) {
        for (KeyType key : List.of(KeyType.INT2, KeyType.INT4, KeyType.INT8)) {
            assertSameKey(
                    key,
                    GivenKeys.text(21, " " + value + " "),
                    GivenKeys.text(23, (value < 0 ? "" : "+") + value),
                    GivenKeys.text(20, Short.toString(value)),
                    GivenKeys.binary(21, PostgresBinary.int2(value)),
                    GivenKeys.binary(23, PostgresBinary.int4(value)),
                    GivenKeys.binary(20, PostgresBinary.int8(value)));
        }
    }

    @Property
    void longIntegersAreOneKeyInBothFormats(@ForAll long value) {
        assertSameKey(
                KeyType.INT8,
                GivenKeys.text(20, Long.toString(value)),
                GivenKeys.binary(20, PostgresBinary.int8(value)));
    }

    @Property
    void textIsOneKeyInBothFormats(@ForAll String value) {
        String storable = new String(
                        value.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        java.nio.charset.StandardCharsets.UTF_8)
                .replace("\0", "");

        assertSameKey(
                KeyType.TEXT,
                GivenKeys.text(25, storable),
                GivenKeys.text(1043, storable),
                GivenKeys.binary(25, PostgresBinary.text(storable)),
                GivenKeys.binary(1043, PostgresBinary.text(storable)));
    }

    @Property
    void uuidsAreOneKeyInBothFormats(@ForAll long high, @ForAll long low) {
        UUID value = new UUID(high, low);

        assertSameKey(
                KeyType.UUID,
                GivenKeys.text(2950, value.toString()),
                GivenKeys.text(0, "{" + value.toString().toUpperCase(java.util.Locale.ROOT) + "}"),
                GivenKeys.binary(2950, PostgresBinary.uuid(value)));
    }

    @Property
    void datesAreOneKeyInBothFormats(@ForAll @IntRange(min = -700_000, max = 2_000_000) int day) {
        LocalDate value = LocalDate.ofEpochDay(day);

        assertSameKey(
                KeyType.DATE, GivenKeys.text(1082, isoDate(value)), GivenKeys.binary(1082, PostgresBinary.date(value)));
    }

    @Property
    void timestampsAreOneKeyInBothFormats(
            @ForAll @LongRange(min = -60_000_000_000L, max = 200_000_000_000L) long second,
            @ForAll @IntRange(max = 999_999) int micros) {
        LocalDateTime value = LocalDateTime.ofEpochSecond(second, micros * 1000, java.time.ZoneOffset.UTC);
        String text = isoDate(value.toLocalDate())
                + value.format(DateTimeFormatter.ofPattern(" HH:mm:ss", java.util.Locale.ROOT))
                + String.format(java.util.Locale.ROOT, ".%06d", micros);

        assertSameKey(
                KeyType.TIMESTAMP, GivenKeys.text(1114, text), GivenKeys.binary(1114, PostgresBinary.timestamp(value)));
        assertSameKey(
                KeyType.TIMESTAMPTZ,
                GivenKeys.text(1184, text + "+00"),
                GivenKeys.text(1184, text + "+00:00"),
                GivenKeys.binary(1184, PostgresBinary.timestamp(value)));
    }

    @Property
    void numericsAreOneKeyWhateverTheirScale(
            @ForAll BigInteger unscaled, @ForAll @IntRange(max = 30) int scale, @ForAll @IntRange(max = 9) int zeros) {
        BigDecimal value = new BigDecimal(unscaled, scale);
        BigDecimal longer = value.setScale(scale + zeros);

        assertSameKey(
                KeyType.NUMERIC,
                GivenKeys.text(1700, value.toPlainString()),
                GivenKeys.text(1700, longer.toPlainString()),
                GivenKeys.binary(1700, PostgresBinary.numeric(value)),
                GivenKeys.binary(1700, PostgresBinary.numeric(longer)));
    }

    @Property
    void integersAreKeysOfNumeric(@ForAll int value) {
        assertSameKey(
                KeyType.NUMERIC,
                GivenKeys.text(1700, value + ".00"),
                GivenKeys.text(23, Integer.toString(value)),
                GivenKeys.binary(23, PostgresBinary.int4(value)),
                GivenKeys.binary(20, PostgresBinary.int8(value)),
                GivenKeys.binary(1700, PostgresBinary.numeric(BigDecimal.valueOf(value))));
    }

    @Property
    void literalsAreTheKeyOfTheParameterOfTheSameValue(@ForAll long value) {
        KeyOperand literal = new KeyOperand.Literal(0, null, value < 0);
        String digits = Long.toString(value).replace("-", "");

        KeyReading number = ShardKeyReader.read(
                literal, KeyType.INT8, KeyUse.COMPARED, GivenKeys.literal("select * from t where id = " + digits));

        assertThat(number).isEqualTo(new KeyReading.Value(KeyValue.ofLong(value)));
        assertThat(ShardKeyReader.read(
                        new KeyOperand.Literal(0, null, false),
                        KeyType.INT8,
                        KeyUse.COMPARED,
                        GivenKeys.literal("select * from t where id = '" + value + "'")))
                .isEqualTo(number);
    }

    @Property
    void arraysGiveTheSameKeysInBothFormats(@ForAll @Size(max = 50) List<@Nullable Integer> values) {
        StringBuilder text = new StringBuilder("{");
        List<byte @Nullable []> binary = new ArrayList<>();
        List<KeyValue> expected = new ArrayList<>();
        for (Integer value : values) {
            text.append(text.length() == 1 ? "" : ",").append(value == null ? "NULL" : value.toString());
            binary.add(value == null ? null : PostgresBinary.int4(value));
            if (value != null) {
                expected.add(KeyValue.ofLong(value));
            }
        }
        text.append('}');

        assertThat(elements(GivenKeys.text(1007, text.toString()))).isEqualTo(expected);
        assertThat(elements(GivenKeys.binary(1007, PostgresBinary.array(23, binary))))
                .isEqualTo(expected);
    }

    @Property
    void textArraysSurviveTheirQuoting(@ForAll @Size(max = 20) List<String> values) {
        StringBuilder text = new StringBuilder("{");
        List<byte @Nullable []> binary = new ArrayList<>();
        for (String raw : values) {
            byte[] utf8 = raw.replace("\0", "").getBytes(java.nio.charset.StandardCharsets.UTF_8);
            String value = new String(utf8, java.nio.charset.StandardCharsets.UTF_8);
            text.append(text.length() == 1 ? "" : ",")
                    .append('"')
                    .append(value.replace("\\", "\\\\").replace("\"", "\\\""))
                    .append('"');
            binary.add(utf8);
        }
        text.append('}');

        List<KeyValue> fromText = elements(KeyType.TEXT, GivenKeys.text(1009, text.toString()));
        List<KeyValue> fromBinary = elements(KeyType.TEXT, GivenKeys.binary(1009, PostgresBinary.array(25, binary)));

        assertThat(fromText).isEqualTo(fromBinary).hasSameSizeAs(values);
    }

    private static List<KeyValue> elements(GivenKeys keys) {
        return elements(KeyType.INT8, keys);
    }

    private static List<KeyValue> elements(KeyType key, GivenKeys keys) {
        List<KeyValue> elements = new ArrayList<>();
        assertThat(ShardKeyReader.readArray(FIRST, key, keys, elements::add)).isNull();
        return elements;
    }

    private static void assertSameKey(KeyType key, GivenKeys... ways) {
        KeyValue first = keyOf(key, ways[0]);
        for (GivenKeys way : ways) {
            assertThat(keyOf(key, way)).isEqualTo(first);
            assertThat(THREE_SHARDS.shardOf(keyOf(key, way))).isEqualTo(THREE_SHARDS.shardOf(first));
        }
    }

    private static KeyValue keyOf(KeyType key, GivenKeys keys) {
        KeyReading reading = ShardKeyReader.read(FIRST, key, KeyUse.COMPARED, keys);
        assertThat(reading).isInstanceOf(KeyReading.Value.class);
        return ((KeyReading.Value) reading).value();
    }

    private static String isoDate(LocalDate value) {
        return String.format(
                java.util.Locale.ROOT, "%04d-%02d-%02d", value.getYear(), value.getMonthValue(), value.getDayOfMonth());
    }
}
