// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.End;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * That partial aggregates of three parts of a table, made by the server and combined by the router, are the server's aggregates of the whole
 * table, byte for byte in both formats.
 */
class MergeAggregatesIT {
    private static final long SEED = 20260811;
    private static final int GROUPS = SplitTable.GROUPS;
    private static final int FLOATS = 20_000;

    private static final TreeMap<Integer, PostgresServer> SERVERS = new TreeMap<>();

    /**
     * An aggregate as the router splits it. Values of floats are such that their sums are exact.
     *
     * @param type of the column aggregated
     * @param whole of the column x
     * @param sum what each shard is asked for
     * @param send the send function of both
     */
    private record Split(
            Aggregate aggregate,
            String type,
            String whole,
            String sum,
            String sumSend,
            String send,
            Function<Random, String> value) {
        /** Returns the whole as its output function writes it; a bool becomes another text by a cast. */
        String written() {
            return type.equals("bool") ? "left(" + whole + "::text, 1)" : whole + "::text";
        }

        @Override
        public String toString() {
            return whole + " of " + type;
        }
    }

    private static final List<Split> SPLITS = List.of(
            split(Aggregate.COUNT, "int4", "count(x)", "int8send", random -> Integer.toString(random.nextInt(9))),
            split(Aggregate.SUM_INT8, "int4", "sum(x)", "int8send", random -> Integer.toString(random.nextInt())),
            split(Aggregate.SUM_NUMERIC, "int8", "sum(x)", "numeric_send", random -> Long.toString(random.nextLong())),
            split(Aggregate.SUM_NUMERIC, "numeric", "sum(x)", "numeric_send", MergeAggregatesIT::numeric),
            split(Aggregate.SUM_FLOAT4, "float4", "sum(x)", "float4send", MergeAggregatesIT::exactFloat),
            split(Aggregate.SUM_FLOAT8, "float8", "sum(x)", "float8send", MergeAggregatesIT::exactFloat),
            split(Aggregate.SUM_MONEY, "money", "sum(x)", "cash_send", random -> Integer.toString(random.nextInt())),
            split(Aggregate.BOOL_AND, "bool", "bool_and(x)", "boolsend", random -> random.nextInt(4) > 0 ? "t" : "f"),
            split(Aggregate.BOOL_OR, "bool", "bool_or(x)", "boolsend", random -> random.nextInt(4) > 0 ? "f" : "t"),
            split(
                    Aggregate.BIT_AND,
                    "int2",
                    "bit_and(x)",
                    "int2send",
                    random -> Short.toString((short) random.nextInt())),
            split(Aggregate.BIT_OR, "int4", "bit_or(x)", "int4send", random -> Integer.toString(random.nextInt())),
            split(Aggregate.BIT_XOR, "int8", "bit_xor(x)", "int8send", random -> Long.toString(random.nextLong())),
            new Split(
                    Aggregate.AVG_INT8,
                    "int2",
                    "avg(x)",
                    "sum(x)",
                    "int8send",
                    "numeric_send",
                    random -> Short.toString((short) random.nextInt())),
            new Split(
                    Aggregate.AVG_INT8,
                    "int4",
                    "avg(x)",
                    "sum(x)",
                    "int8send",
                    "numeric_send",
                    random -> Integer.toString(random.nextInt() >> random.nextInt(32))),
            new Split(
                    Aggregate.AVG_NUMERIC,
                    "int8",
                    "avg(x)",
                    "sum(x)",
                    "numeric_send",
                    "numeric_send",
                    random -> Long.toString(random.nextLong() >> random.nextInt(64))),
            new Split(
                    Aggregate.AVG_NUMERIC,
                    "numeric",
                    "avg(x)",
                    "sum(x)",
                    "numeric_send",
                    "numeric_send",
                    MergeAggregatesIT::numeric),
            new Split(
                    Aggregate.AVG_FLOAT8,
                    "float8",
                    "avg(x)",
                    "sum(x)",
                    "float8send",
                    "float8send",
                    MergeAggregatesIT::exactFloat),
            new Split(
                    Aggregate.AVG_FLOAT8,
                    "float4",
                    "avg(x)",
                    "sum(x::float8)",
                    "float8send",
                    "float8send",
                    MergeAggregatesIT::exactFloat));

    private static Split split(
            Aggregate aggregate, String type, String whole, String send, Function<Random, String> value) {
        return new Split(aggregate, type, whole, whole, send, send, value);
    }

    static Stream<Arguments> splitsOnEveryMajor() {
        return PostgresBinaries.testMajors().stream()
                .flatMap(major -> SPLITS.stream().map(split -> Arguments.of(major, split)));
    }

    static Stream<Arguments> typesOnEveryMajor() {
        return PostgresBinaries.testMajors().stream()
                .flatMap(major -> Stream.of(OrderedValues.values())
                        // The others have no min and max before PostgreSQL 18, or none at all.
                        .filter(type -> !List.of(
                                        "bool", "\"char\"", "name", "uuid", "bytea", "macaddr", "macaddr8", "xid8")
                                .contains(type.typeName()))
                        .map(type -> Arguments.of(major, type)));
    }

    static Stream<Integer> majors() {
        return PostgresBinaries.testMajors().stream();
    }

    @AfterAll
    static void stopServers() {
        SERVERS.values().forEach(PostgresServer::close);
        SERVERS.clear();
    }

    @ParameterizedTest
    @MethodSource("splitsOnEveryMajor")
    void combinesPartialAggregatesToTheServersOwn(int major, Split split) throws SQLException {
        try (Connection connection = server(major).connect("postgres")) {
            SplitTable.fill(
                    connection,
                    split.type,
                    IntStream.range(0, 12)
                            .boxed()
                            .flatMap(i -> new Random(SEED + i)
                                    .ints(GROUPS)
                                    .mapToObj(seed -> split.value.apply(new Random(seed))))
                            .toList());
            int count = split.aggregate.isAverage() ? 2 : Combine.NO_COUNT;
            List<OutputColumn> outputs = new ArrayList<>();
            outputs.add(new Pass(0));
            outputs.add(new Combine(split.aggregate, 1, count, ValueFormat.BINARY));
            if (split.aggregate.isOfferedIn(ValueFormat.TEXT)) {
                outputs.add(new Combine(split.aggregate, 1, count, ValueFormat.TEXT));
            }
            String partial =
                    "select int4send(g), %s(%s), int8send(count(x)) from t where part = ? group by g order by g"
                            .formatted(split.sumSend, split.sum);

            assertSame(
                    connection,
                    partial,
                    plan(List.of(byGroup()), outputs),
                    "select int4send(g), %s(%s), convert_to(%s, 'UTF8') from t group by g order by g"
                            .formatted(split.send, split.whole, split.written()));
            assertSame(
                    connection,
                    partial.replace("group by g order by g", "").replace("int4send(g)", "null::bytea"),
                    plan(List.of(), outputs),
                    "select null::bytea, %s(%s), convert_to(%s, 'UTF8') from t"
                            .formatted(split.send, split.whole, split.written()));
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void ordersGroupsByAnAggregateAsTheServerDoes(int major) throws SQLException {
        try (Connection connection = server(major).connect("postgres")) {
            SplitTable.fill(
                    connection,
                    "int4",
                    new Random(SEED)
                            .ints(12L * GROUPS, -9, 9)
                            .mapToObj(Integer::toString)
                            .toList());
            ValueOrder numeric = requireNonNull(ValueOrder.of(1700));
            List<OutputColumn> outputs =
                    List.of(new Pass(0), new Combine(Aggregate.AVG_INT8, 1, 2, ValueFormat.BINARY));
            GroupPlan plan = new GroupPlan(
                    3,
                    List.of(byGroup()),
                    outputs,
                    2,
                    List.of(
                            new FinalKey.OfOutput(new SortKey(1, numeric, true, true)),
                            new FinalKey.OfRow(new SortKey(0, requireNonNull(ValueOrder.of(23)), true, true))),
                    new RowRange(7, 400),
                    1 << 20);

            assertSame(
                    connection,
                    "select int4send(g), int8send(sum(x)), int8send(count(x)) from t where part = ? group by g order by g",
                    plan,
                    "select int4send(g), numeric_send(avg(x)) from t group by g order by avg(x) desc, g desc limit 400 offset 7");
        }
    }

    @ParameterizedTest
    @MethodSource("typesOnEveryMajor")
    void findsTheExtremesTheServerFinds(int major, OrderedValues type) throws SQLException {
        ValueOrder order = requireNonNull(ValueOrder.of(type.oid()));
        try (Connection connection = server(major).connect("postgres")) {
            SplitTable.fill(connection, type.typeName(), type.texts(major, SEED, 12 * GROUPS));
            String send = sendFunction(connection, type);
            String x = type.ordered("x");
            GroupPlan plan = plan(
                    List.of(byGroup()),
                    List.of(new Pass(0), new Extreme(End.LEAST, 1, 1, order), new Extreme(End.GREATEST, 2, 2, order)));
            String select = "select int4send(g), %1$s(min(%2$s)), %1$s(max(%2$s)) from t %3$s group by g order by g";

            List<List<@Nullable String>> merged =
                    SplitTable.merged(connection, select.formatted(send, x, "where part = ?"), plan);
            List<List<@Nullable String>> whole = SplitTable.rows(connection, select.formatted(send, x, ""), 3);

            assertThat(merged).hasSameSizeAs(whole);
            for (int i = 0; i < whole.size(); i++) {
                assertThat(merged.get(i).get(0)).isEqualTo(whole.get(i).get(0));
                for (int column = 1; column <= 2; column++) {
                    // Of equal values of different form, such as 1.0 and 1.00, either may be the one.
                    assertEqual(order, merged.get(i).get(column), whole.get(i).get(column));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void writesFloatsAsTheServerDoes(int major) throws SQLException {
        Random random = new Random(SEED);
        try (Connection connection = server(major).connect("postgres")) {
            List<String> texts = IntStream.range(0, FLOATS)
                    .mapToObj(i -> OrderedValues.float8(random))
                    .toList();
            List<String> written = SplitTable.rows(
                    connection, "select convert_to(t::float8::text, 'UTF8') from unnest(?::text[]) t", texts);
            for (int i = 0; i < FLOATS; i++) {
                assertThat(FloatText.of(Double.parseDouble(texts.get(i)))).isEqualTo(written.get(i));
            }
            texts = IntStream.range(0, FLOATS)
                    .mapToObj(i -> OrderedValues.float4(random))
                    .toList();
            written = SplitTable.rows(
                    connection, "select convert_to(t::float4::text, 'UTF8') from unnest(?::text[]) t", texts);
            for (int i = 0; i < FLOATS; i++) {
                assertThat(FloatText.of(Float.parseFloat(texts.get(i)))).isEqualTo(written.get(i));
            }
        }
    }

    /** Compares the router's rows with those of a query, of which it may leave out the last column. */
    private static void assertSame(Connection connection, String partial, GroupPlan plan, String whole)
            throws SQLException {
        List<List<@Nullable String>> merged = SplitTable.merged(connection, partial, plan);

        assertThat(merged)
                .isNotEmpty()
                .containsExactlyElementsOf(SplitTable.rows(connection, whole, plan.visibleOutputs()));
    }

    private static void assertEqual(ValueOrder order, @Nullable String one, @Nullable String other) {
        if (one == null || other == null) {
            assertThat(one).isEqualTo(other);
            return;
        }
        ByteBuf a = Unpooled.wrappedBuffer(HexFormat.of().parseHex(one));
        ByteBuf b = Unpooled.wrappedBuffer(HexFormat.of().parseHex(other));
        assertThat(order.compare(a, 0, a.readableBytes(), b, 0, b.readableBytes()))
                .as("%s and %s", one, other)
                .isZero();
    }

    private static SortKey byGroup() {
        return new SortKey(0, requireNonNull(ValueOrder.of(23)), false, false);
    }

    private static GroupPlan plan(List<SortKey> keys, List<OutputColumn> outputs) {
        return new GroupPlan(3, keys, outputs, outputs.size(), List.of(), RowRange.ALL, 0);
    }

    /** Hardly ever no number, as those swallow the rest of their group. */
    private static String numeric(Random random) {
        String text = OrderedValues.numeric(random);
        return text.matches("-?[0-9.]+") || random.nextInt(10) == 0 ? text : "0.5";
    }

    private static String exactFloat(Random random) {
        return random.nextInt(200) == 0
                ? List.of("NaN", "Infinity", "-Infinity", "-0").get(random.nextInt(4))
                : Double.toString((random.nextInt(1 << 12) - (1 << 11)) / 16.0);
    }

    private static String sendFunction(Connection connection, OrderedValues type) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select typsend::text from pg_type where oid = " + type.oid())) {
            row.next();
            return row.getString(1);
        }
    }

    private static PostgresServer server(int major) {
        return SERVERS.computeIfAbsent(major, wanted -> PostgresServer.start(PostgresOptions.major(wanted)));
    }
}
