// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.KeyOperand;
import io.trunkline.sql.KeyOperand.Places;
import io.trunkline.testing.Case;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.wire.SqlState;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Case("E42")
class ShardKeyReaderTest {
    private static final int UNTYPED = 0;
    private static final int UNKNOWN = 705;

    @Test
    void readsNullAsNoKey() {
        assertThat(read(KeyType.INT8, GivenKeys.text(20, null))).isEqualTo(KeyReading.Absent.NULL);
        assertThat(read(new KeyOperand.Null(), KeyType.INT8, GivenKeys.none())).isEqualTo(KeyReading.Absent.NULL);
    }

    @Test
    void refusesAParameterThatIsNotBound() {
        assertUnreadable(read(KeyType.INT8, GivenKeys.none()), "parameter $1 is not bound");
    }

    @Test
    @Case("H04")
    void refusesTypesWhoseEqualityIsNotTheKeys() {
        assertUnreadable(
                read(KeyType.INT8, GivenKeys.text(1700, "42.0")),
                "parameter $1 has type 1700 (expected: int2, int4, int8)");
        assertUnreadable(read(KeyType.INT8, GivenKeys.text(701, "42")), "parameter $1 has type 701");
        assertUnreadable(read(KeyType.INT8, GivenKeys.text(25, "42")), "parameter $1 has type 25");
        assertUnreadable(read(KeyType.TEXT, GivenKeys.text(23, "42")), "parameter $1 has type 23");
        assertUnreadable(read(KeyType.TIMESTAMP, GivenKeys.text(1184, "2024-01-01 00:00:00+00")), "has type 1184");
        assertUnreadable(read(KeyType.TIMESTAMPTZ, GivenKeys.text(1082, "2024-01-01")), "has type 1082");
        assertUnreadable(read(KeyType.NUMERIC, GivenKeys.text(701, "1.5")), "has type 701");
        assertUnreadable(read(KeyType.UUID, GivenKeys.text(25, "x")), "has type 25");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "", "1.0", "9223372036854775808", "1 2", "0x"})
    void saysWhatPostgresqlSaysOfAnIntegerThatIsNone(String value) {
        KeyReading reading = read(KeyType.INT8, GivenKeys.text(20, value));

        assertThat(reading).isInstanceOf(KeyReading.Unreadable.class);
        assertThat(((KeyReading.Unreadable) reading).sqlState()).isEqualTo(SqlState.INVALID_TEXT_REPRESENTATION);
        assertThat(((KeyReading.Unreadable) reading).problem()).doesNotContain("abc");
    }

    @Test
    void refusesBinaryValuesOfTheWrongLength() {
        assertUnreadable(read(KeyType.INT8, GivenKeys.binary(20, (byte) 1)), "cannot be read as int8");
        assertUnreadable(read(KeyType.INT8, GivenKeys.binary(23, new byte[8])), "cannot be read as int4");
        assertUnreadable(read(KeyType.UUID, GivenKeys.binary(2950, new byte[15])), "cannot be read as uuid");
        assertUnreadable(read(KeyType.NUMERIC, GivenKeys.binary(1700, new byte[7])), "cannot be read as numeric");
    }

    @Test
    void refusesUnknownFormats() {
        assertUnreadable(
                read(KeyType.INT8, GivenKeys.none().andFormat(20, 2, new byte[8])),
                "parameter $1 has format 2 (expected: 0, 1)");
    }

    @Test
    @Case("H04")
    void trimsBpcharForTextAndRefusesItForVarchar() {
        assertThat(read(KeyType.TEXT, GivenKeys.text(1042, "abc  "))).isEqualTo(value(KeyValue.ofText("abc")));
        assertThat(read(KeyType.TEXT, GivenKeys.binary(1042, PostgresBinary.text("abc  "))))
                .isEqualTo(value(KeyValue.ofText("abc")));
        assertThat(read(KeyType.TEXT, GivenKeys.text(25, "abc  "))).isEqualTo(value(KeyValue.ofText("abc  ")));
        assertUnreadable(read(KeyType.VARCHAR, GivenKeys.text(1042, "abc")), "has type 1042");
    }

    @Test
    void asksForTheTypeOfEveryUntypedBinaryValue() {
        assertThat(read(KeyType.INT8, GivenKeys.binary(UNTYPED, new byte[8])))
                .isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
        assertThat(read(KeyType.INT8, GivenKeys.binary(UNKNOWN, new byte[8])))
                .isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
    }

    @Test
    @Case("H04")
    void readsUntypedTextOnlyWhenEveryTypeItCouldBeGivesTheSameKey() {
        assertThat(read(KeyType.INT8, GivenKeys.text(UNTYPED, "42"))).isEqualTo(value(KeyValue.ofLong(42)));
        assertThat(read(KeyType.INT8, GivenKeys.text(UNKNOWN, " 0x2A "))).isEqualTo(value(KeyValue.ofLong(42)));
        assertThat(read(KeyType.TEXT, GivenKeys.text(UNTYPED, "abc"))).isEqualTo(value(KeyValue.ofText("abc")));

        // oid reads -1 as 4294967295, float8 rounds, bpchar cuts blanks, name cuts behind 63 bytes, date cuts the time.
        assertNeedsType(KeyType.INT8, "-1");
        assertNeedsType(KeyType.INT8, "9007199254740993");
        assertNeedsType(KeyType.TEXT, "abc ");
        assertNeedsType(KeyType.TEXT, "x".repeat(64));
        assertNeedsType(KeyType.TIMESTAMP, "2024-01-01 10:00:00");
        assertNeedsType(KeyType.DATE, "2024-01-01");
        assertNeedsType(KeyType.NUMERIC, "0.1");
    }

    @Test
    @Case("H04")
    void asksForTheTypeOfAParameterThatStandsElsewhereToo() {
        KeyOperand elsewhere = new KeyOperand.Parameter(1, null, Places.SEVERAL);
        KeyOperand cast = new KeyOperand.Parameter(1, "int8", Places.SEVERAL);
        KeyOperand castToText = new KeyOperand.Parameter(1, "text", Places.SEVERAL);

        // Stored as text behind an integer 042 is 42, and 20240101 behind a date 2024-01-01; "char" has one byte.
        assertNeedsType(elsewhere, KeyType.TEXT, "042");
        assertNeedsType(elsewhere, KeyType.VARCHAR, "abc");
        assertNeedsType(castToText, KeyType.TEXT, "042");
        // As real 16777217 is 16777216, and as numeric 4.6 is stored as 5.
        assertThat(read(elsewhere, KeyType.INT8, GivenKeys.text(UNTYPED, "16777216")))
                .isEqualTo(value(KeyValue.ofLong(16_777_216)));
        assertNeedsType(elsewhere, KeyType.INT8, "16777217");
        assertNeedsType(elsewhere, KeyType.INT8, "4.6");
        // As bits 101 is 5.
        assertNeedsType(cast, KeyType.INT8, "101");
        assertThat(read(cast, KeyType.INT8, GivenKeys.text(20, "101"))).isEqualTo(value(KeyValue.ofLong(101)));
        assertUnreadable(read(castToText, KeyType.TEXT, GivenKeys.text(23, "042")), "has type 23");
        assertThat(ShardKeyReader.readArray(
                        elsewhere, KeyType.INT8, GivenKeys.text(UNTYPED, "{16777217}"), element -> {}))
                .isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
        // What is no uuid as text is none as uuid.
        assertThat(read(elsewhere, KeyType.UUID, GivenKeys.text(UNTYPED, "00000000-0000-0000-0000-000000000001")))
                .isInstanceOf(KeyReading.Value.class);
    }

    @Test
    @Case("H61")
    void readsOnlyAsciiWhenTheClientsEncodingIsAnother() {
        assertUnreadable(read(KeyType.TEXT, GivenKeys.text(25, "müller").inOtherEncoding()), "characters beyond ASCII");
        assertThat(read(KeyType.TEXT, GivenKeys.text(25, "miller").inOtherEncoding()))
                .isEqualTo(value(KeyValue.ofText("miller")));
        assertUnreadable(
                read(
                        new KeyOperand.Literal(0, null, false),
                        KeyType.TEXT,
                        GivenKeys.literal("select 'müller'").inOtherEncoding()),
                "of a kind that is not read");
        assertUnreadable(
                read(
                        new KeyOperand.Literal(0, null, false),
                        KeyType.TEXT,
                        GivenKeys.literal("select E'm\\u00fcller'").inOtherEncoding()),
                "of a kind that is not read");
    }

    @ParameterizedTest
    @CsvSource({"int8,42", "bigint,42", "int,42", "pg_catalog.int4,42", "INT2,42"})
    void followsCastsThatLoseNothing(String cast, long expected) {
        assertThat(read(new KeyOperand.Parameter(1, cast), KeyType.INT8, GivenKeys.text(UNTYPED, "42")))
                .isEqualTo(value(KeyValue.ofLong(expected)));
        assertThat(read(
                        new KeyOperand.Literal(0, cast, false),
                        KeyType.INT8,
                        GivenKeys.literal("select * from t where id = '42'::int8")))
                .isEqualTo(value(KeyValue.ofLong(expected)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "numeric", "varchar(3)", "money", "int8[]", "oid", "my.int8"})
    @Case("H04")
    void refusesCastsThatMayLose(String cast) {
        assertUnreadable(
                read(new KeyOperand.Parameter(1, cast), KeyType.INT8, GivenKeys.text(UNTYPED, "42")),
                "is cast to another type");
        assertUnreadable(
                read(new KeyOperand.Literal(0, cast, false), KeyType.INT8, GivenKeys.literal("select 42")),
                "is cast to another type");
    }

    @Test
    void refusesANumberThatIsCastToText() {
        assertUnreadable(
                read(new KeyOperand.Literal(0, "text", false), KeyType.TEXT, GivenKeys.literal("select 42::text")),
                "is a number of another type");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select 42|42",
                "select 0x2a|42",
                "select 4_2|42",
                "select '42'|42",
                "select ' +42 '|42",
                "select E'4\\x32'|42",
                "select E'\\u0034\\062'|42",
                "select $$42$$|42",
                "select $tag$42$tag$|42",
                "select 9223372036854775807|9223372036854775807",
            })
    @Case("H04")
    void readsLiteralsOfEveryForm(String sql, long expected) {
        assertThat(read(new KeyOperand.Literal(0, null, false), KeyType.INT8, GivenKeys.literal(sql)))
                .isEqualTo(value(KeyValue.ofLong(expected)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 42.0",
                "select 42e0",
                "select .5",
                "select 9223372036854775808",
                "select B'101010'",
                "select X'2A'",
                "select N'42'",
                "select U&'42'",
                "select E'4\\v2'",
                "select '4' /* no continuation */"
            })
    void leavesLiteralsThatAreNoIntegersBeyondDoubt(String sql) {
        KeyReading reading = read(new KeyOperand.Literal(0, null, false), KeyType.INT8, GivenKeys.literal(sql));

        assertThat(reading)
                .satisfiesAnyOf(
                        r -> assertThat(r).isInstanceOf(KeyReading.Unreadable.class),
                        r -> assertThat(r).isEqualTo(value(KeyValue.ofLong(4))));
    }

    @Test
    void doesNotBlameANumberThatOnlyHasNoEqualAmongTheKeys() {
        KeyReading reading = read(
                new KeyOperand.Literal(0, null, false), KeyType.INT8, GivenKeys.literal("select 9223372036854775808"));

        assertThat(((KeyReading.Unreadable) reading).sqlState()).isEqualTo(SqlState.FEATURE_NOT_SUPPORTED);
    }

    @Test
    void unquotesStrings() {
        assertThat(read(
                        new KeyOperand.Literal(0, null, false),
                        KeyType.TEXT,
                        GivenKeys.literal("select * from t where name = 'it''s'\n  ' me'")))
                .isEqualTo(value(KeyValue.ofText("it's me")));
        assertThat(read(
                        new KeyOperand.Literal(0, null, false),
                        KeyType.TEXT,
                        GivenKeys.none().withSql("select 'a\\'b'", false)))
                .isEqualTo(value(KeyValue.ofText("a'b")));
        assertThat(read(new KeyOperand.Literal(0, null, false), KeyType.TEXT, GivenKeys.literal("select 'a\\b'")))
                .isEqualTo(value(KeyValue.ofText("a\\b")));
    }

    @Test
    void negatesNumbersAndNothingElse() {
        KeyOperand negative = new KeyOperand.Literal(0, null, true);

        assertThat(read(negative, KeyType.INT8, GivenKeys.literal("select -9223372036854775808")))
                .isEqualTo(value(KeyValue.ofLong(Long.MIN_VALUE)));
        assertThat(read(negative, KeyType.NUMERIC, GivenKeys.literal("select -1.50")))
                .isEqualTo(value(KeyValue.ofNumeric(new BigDecimal("-1.5"))));
        assertUnreadable(read(negative, KeyType.INT8, GivenKeys.literal("select -'42'")), "negative of a string");
    }

    @Test
    @Case("H04")
    void keepsAVarcharFromLosingItsBlanksInStorage() {
        GivenKeys padded = GivenKeys.text(1043, "abc ");

        assertThat(read(KeyType.VARCHAR, padded)).isEqualTo(value(KeyValue.ofText("abc ")));
        assertUnreadable(
                ShardKeyReader.read(new KeyOperand.Parameter(1, null), KeyType.VARCHAR, KeyUse.STORED, padded),
                "ends in a blank");
        assertThat(ShardKeyReader.read(new KeyOperand.Parameter(1, null), KeyType.TEXT, KeyUse.STORED, padded))
                .isEqualTo(value(KeyValue.ofText("abc ")));
    }

    @Test
    @Case("H03")
    void readsArraysElementByElement() {
        assertThat(array(KeyType.INT8, null, GivenKeys.text(1016, "{1,NULL, 2 ,{3}}")))
                .isNull();
        assertThat(elements(KeyType.INT8, GivenKeys.text(1016, "{1,NULL, 2 ,{3,4}}")))
                .containsExactly(KeyValue.ofLong(1), KeyValue.ofLong(2), KeyValue.ofLong(3), KeyValue.ofLong(4));
        assertThat(elements(KeyType.TEXT, GivenKeys.text(1009, "{\"NULL\",null, a b ,\"x\\\"y\",z\\,}")))
                .containsExactly(
                        KeyValue.ofText("NULL"),
                        KeyValue.ofText("a b"),
                        KeyValue.ofText("x\"y"),
                        KeyValue.ofText("z,"));
        assertThat(elements(KeyType.TEXT, GivenKeys.text(1014, "{\"ab  \"}"))).containsExactly(KeyValue.ofText("ab"));
        assertThat(elements(KeyType.INT8, GivenKeys.text(1016, "{}"))).isEmpty();
        assertThat(array(KeyType.INT8, null, GivenKeys.text(1016, null))).isEqualTo(KeyReading.Absent.NULL);
    }

    @Test
    @Case("H03")
    void readsArraysInLiteralsAndThroughCasts() {
        List<KeyValue> elements = new ArrayList<>();

        KeyReading literal = ShardKeyReader.readArray(
                new KeyOperand.Literal(0, "bigint[]", false),
                KeyType.INT8,
                GivenKeys.literal("select * from t where id = any ('{1,2}'::bigint[])"),
                elements::add);

        assertThat(literal).isNull();
        assertThat(elements).containsExactly(KeyValue.ofLong(1), KeyValue.ofLong(2));
        assertThat(array(KeyType.INT8, "int8[]", GivenKeys.text(UNTYPED, "{7}")))
                .isNull();
        assertUnreadable(array(KeyType.INT8, "text[]", GivenKeys.text(UNTYPED, "{7}")), "is cast to another type");
        assertUnreadable(array(KeyType.INT8, "int8", GivenKeys.text(UNTYPED, "{7}")), "is cast to another type");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "{1", "{1}}", "{1,}", "{,1}", "[0:1]={1,2}", "{1}x", "{\"1}", "{{}", "{1 {2}}", "\\"})
    void refusesTextThatIsNoArray(String text) {
        assertThat(array(KeyType.INT8, null, GivenKeys.text(1016, text))).isInstanceOf(KeyReading.Unreadable.class);
    }

    @Test
    void refusesArraysOfOtherTypesAndMalformedOnes() {
        byte[] good = PostgresBinary.array(20, List.of(PostgresBinary.int8(1)));

        assertUnreadable(array(KeyType.INT8, null, GivenKeys.text(1231, "{1.0}")), "has type 1700");
        assertUnreadable(array(KeyType.INT8, null, GivenKeys.text(1022, "{1.0}")), "has type 1022");
        assertUnreadable(array(KeyType.INT8, null, GivenKeys.binary(1007, good)), "not an array in binary format");
        for (int length = 0; length < good.length; length++) {
            assertThat(array(KeyType.INT8, null, GivenKeys.binary(1016, java.util.Arrays.copyOf(good, length))))
                    .isInstanceOf(KeyReading.Unreadable.class);
        }
        assertUnreadable(
                array(KeyType.INT8, null, GivenKeys.binary(1016, java.util.Arrays.copyOf(good, good.length + 1))),
                "not an array in binary format");
        assertThat(array(KeyType.INT8, null, GivenKeys.binary(UNTYPED, good)))
                .isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
    }

    @Test
    void doesNotBelieveAnArrayThatClaimsBillionsOfElements() {
        byte[] huge = java.nio.ByteBuffer.allocate(28)
                .putInt(2)
                .putInt(0)
                .putInt(20)
                .putInt(Integer.MAX_VALUE)
                .putInt(1)
                .putInt(Integer.MAX_VALUE)
                .putInt(1)
                .array();

        assertUnreadable(array(KeyType.INT8, null, GivenKeys.binary(1016, huge)), "too many elements");
    }

    private static List<KeyValue> elements(KeyType key, GivenKeys keys) {
        List<KeyValue> elements = new ArrayList<>();
        assertThat(ShardKeyReader.readArray(new KeyOperand.Parameter(1, null), key, keys, elements::add))
                .isNull();
        return elements;
    }

    private static @Nullable KeyReading array(KeyType key, @Nullable String cast, GivenKeys keys) {
        return ShardKeyReader.readArray(new KeyOperand.Parameter(1, cast), key, keys, value -> {});
    }

    private static KeyReading read(KeyType key, GivenKeys keys) {
        return read(new KeyOperand.Parameter(1, null), key, keys);
    }

    private static KeyReading read(KeyOperand operand, KeyType key, GivenKeys keys) {
        return ShardKeyReader.read(operand, key, KeyUse.COMPARED, keys);
    }

    private static KeyReading.Value value(KeyValue value) {
        return new KeyReading.Value(value);
    }

    private static void assertNeedsType(KeyType key, String text) {
        assertThat(read(key, GivenKeys.text(UNTYPED, text))).isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
    }

    private static void assertNeedsType(KeyOperand operand, KeyType key, String text) {
        assertThat(read(operand, key, GivenKeys.text(UNTYPED, text))).isEqualTo(KeyReading.Absent.NEEDS_PARAMETER_TYPE);
    }

    private static void assertUnreadable(@Nullable KeyReading reading, String problem) {
        assertThat(reading).isInstanceOf(KeyReading.Unreadable.class);
        assertThat(((KeyReading.Unreadable) reading).problem()).contains(problem);
    }
}
