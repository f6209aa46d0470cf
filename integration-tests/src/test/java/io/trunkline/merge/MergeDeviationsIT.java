// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.Distinct;
import io.trunkline.merge.OutputColumn.Numbers;
import io.trunkline.merge.OutputColumn.Pass;
import io.trunkline.merge.OutputColumn.Variance;
import io.trunkline.testing.Case;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** That variances, standard deviations and aggregates of distinct values of three parts of a table are the server's of the whole table, byte for byte in both formats. */
class MergeDeviationsIT {
    private static final long SEED = 20261127;
    private static final TreeMap<Integer, PostgresServer> SERVERS = new TreeMap<>();

    /** Random values of a type. */
    private record Values(String type, Function<Random, String> value) {
        List<String> texts() {
            return IntStream.range(0, 12)
                    .boxed()
                    .flatMap(i -> new Random(SEED + i)
                            .ints(SplitTable.GROUPS)
                            .mapToObj(seed -> value.apply(new Random(seed))))
                    .toList();
        }

        @Override
        public String toString() {
            return type;
        }
    }

    private static final List<Values> NUMBERS = List.of(
            new Values("int2", random -> Short.toString((short) random.nextInt())),
            new Values("int4", random -> Integer.toString(random.nextInt() >> random.nextInt(32))),
            new Values("int8", random -> Long.toString(random.nextLong() >> random.nextInt(64))),
            new Values("numeric", MergeDeviationsIT::numeric),
            new Values(
                    "numeric", random -> random.nextInt(3) + "." + "0".repeat(random.nextInt(12)) + random.nextInt(3)));

    private static final List<Values> DISTINCT = List.of(
            new Values("int4", random -> Integer.toString(random.nextInt(5))),
            new Values("numeric", random -> random.nextInt(3) + ".50"),
            new Values("int8", random -> Long.toString(random.nextInt(3) * 10_000_000_000L)));

    static Stream<Arguments> numbersOnEveryMajor() {
        return onEveryMajor(NUMBERS);
    }

    static Stream<Arguments> distinctOnEveryMajor() {
        return onEveryMajor(DISTINCT);
    }

    private static Stream<Arguments> onEveryMajor(List<Values> values) {
        return PostgresBinaries.testMajors().stream()
                .flatMap(major -> values.stream().map(value -> Arguments.of(major, value)));
    }

    @AfterAll
    static void stopServers() {
        SERVERS.values().forEach(PostgresServer::close);
        SERVERS.clear();
    }

    @ParameterizedTest
    @Case("H29")
    @MethodSource("numbersOnEveryMajor")
    void computesTheServersDigits(int major, Values values) throws SQLException {
        try (Connection connection = server(major).connect("postgres")) {
            SplitTable.fill(connection, values.type, values.texts());
            String x = "x::numeric";
            String partial = "select int4send(g), int8send(count(x)), numeric_send(sum(" + x + ")), numeric_send(sum("
                    + x + " * " + x + ")) from t where part = ? group by g order by g";

            for (Deviation deviation : Deviation.values()) {
                List<OutputColumn> outputs = new ArrayList<>();
                outputs.add(new Pass(0));
                for (ValueFormat format : List.of(ValueFormat.BINARY, ValueFormat.TEXT)) {
                    outputs.add(new Variance(deviation, Numbers.NUMERIC, 1, 2, 3, format));
                }
                String whole = deviation.name().toLowerCase(java.util.Locale.ROOT) + "(x)";

                GroupPlan plan = new GroupPlan(4, List.of(byInt4(0)), outputs, 3, List.of(), RowRange.ALL, 0);
                assertThat(SplitTable.merged(connection, partial, plan))
                        .as(whole)
                        .isNotEmpty()
                        .containsExactlyElementsOf(SplitTable.rows(
                                connection,
                                "select int4send(g), numeric_send(%1$s), convert_to(%1$s::text, 'UTF8') from t group by g order by g"
                                        .formatted(whole),
                                3));
            }
        }
    }

    @ParameterizedTest
    @Case("H29")
    @MethodSource("distinctOnEveryMajor")
    void takesEqualValuesOnce(int major, Values values) throws SQLException {
        try (Connection connection = server(major).connect("postgres")) {
            SplitTable.fill(connection, values.type, values.texts());
            List<OutputColumn> outputs = List.of(
                    new Pass(0),
                    new Distinct(new Combine(Aggregate.COUNT, 1, ValueFormat.BINARY)),
                    new Distinct(new Combine(Aggregate.SUM_NUMERIC, 2, ValueFormat.BINARY)),
                    new Distinct(new Combine(Aggregate.AVG_NUMERIC, 2, 1, ValueFormat.BINARY)),
                    new Combine(Aggregate.COUNT, 3, ValueFormat.BINARY),
                    new Distinct(new Variance(Deviation.VAR_POP, Numbers.NUMERIC, 1, 2, 4, ValueFormat.BINARY)));
            ValueOrder numeric = requireNonNull(ValueOrder.of(1700));
            String filter = "filter (where part <> 1 or x > 1)";
            String distinct =
                    "select %3$s, int8send(count(distinct x) %1$s), numeric_send(sum(distinct x::numeric) %1$s),"
                            + " int8send(count(*)), numeric_send(sum(distinct x::numeric * x::numeric) %1$s), numeric_send(x::numeric)"
                            + " from t where part = ? group by %2$s x order by %2$s x";
            String whole = "select %2$s, int8send(count(distinct x) %1$s), numeric_send(sum(distinct x::numeric) %1$s),"
                    + " numeric_send(avg(distinct x::numeric) %1$s), int8send(count(*)),"
                    + " numeric_send(var_pop(distinct x) %1$s) from t %3$s";
            SortKey byArgument = new SortKey(5, numeric, false, false);

            GroupPlan grouped =
                    new GroupPlan(6, List.of(byInt4(0), byArgument), 1, outputs, 6, List.of(), RowRange.ALL, 0);
            assertThat(SplitTable.merged(connection, distinct.formatted(filter, "g,", "int4send(g)"), grouped))
                    .isNotEmpty()
                    .containsExactlyElementsOf(SplitTable.rows(
                            connection, whole.formatted(filter, "int4send(g)", "group by g order by g"), 6));
            GroupPlan all = new GroupPlan(6, List.of(byArgument), 0, outputs, 6, List.of(), RowRange.ALL, 0);
            assertThat(SplitTable.merged(connection, distinct.formatted("", "", "null::bytea"), all))
                    .containsExactlyElementsOf(SplitTable.rows(connection, whole.formatted("", "null::bytea", ""), 6));
        }
    }

    private static SortKey byInt4(int column) {
        return new SortKey(column, requireNonNull(ValueOrder.of(23)), false, false);
    }

    /** Hardly ever no number, as those swallow the rest of their group. */
    private static String numeric(Random random) {
        String text = OrderedValues.numeric(random);
        return text.matches("-?[0-9.]+") && text.length() < 60 || random.nextInt(10) == 0 ? text : "0.5";
    }

    private static PostgresServer server(int major) {
        return SERVERS.computeIfAbsent(major, wanted -> PostgresServer.start(PostgresOptions.major(wanted)));
    }
}
