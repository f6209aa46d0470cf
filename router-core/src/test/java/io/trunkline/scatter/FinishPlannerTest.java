// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.routing.TextOrder;
import io.trunkline.scatter.GroupValue.Kind;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.TableUse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The words by which shards send what aggregates see of their rows, and by which one of them computes the aggregates. */
class FinishPlannerTest {
    private static final int INT4 = 23;
    private static final int INT4_ARRAY = 1007;
    private static final int INT8 = 20;
    private static final int TEXT = 25;
    private static final int TEXT_ARRAY = 1009;
    private static final int JSONB_ARRAY = 3807;

    @Test
    void sendsAnArrayOfEachExpressionAndJoinsTheAggregateToItsGroup() {
        ScatterPlanner planner =
                planner("select n, string_agg(o.x, ',' order by y desc) filter (where z) from orders o group by n");
        planner.described(described(INT4, TEXT));

        assertThat(planner.next())
                .isEqualTo(
                        "SELECT n, pg_catalog.array_agg(o.x) FILTER (WHERE z), pg_catalog.array_agg(y) FILTER (WHERE z),"
                                + " (SELECT o.x from orders o LIMIT 1), (SELECT y from orders o LIMIT 1) from orders o GROUP BY 1");
        planner.described(described(INT4, TEXT_ARRAY, INT4_ARRAY, TEXT, INT4));
        assertThat(planner.next()).isNull();
        ScatterPlan plan = planner.plan();

        assertThat(new String(plan.sql().apply(0), UTF_8))
                .isEqualTo(
                        "SELECT s.c1, s.c2, s.c3 FROM (SELECT n, pg_catalog.array_agg(o.x) FILTER (WHERE z), pg_catalog.array_agg(y) FILTER (WHERE z)"
                                + " from orders o GROUP BY 1) AS s(c1, c2, c3) ORDER BY s.c1 ASC NULLS LAST");
        GroupFinish finish = requireNonNull(plan.finish());
        assertThat(finish.sql())
                .isEqualTo(
                        "SELECT g.\"#1\", a2.\"#2\" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.int4[]))"
                                + " AS g(\"#\", \"#1\") LEFT JOIN (SELECT e.\"#\", string_agg( e.\"#1\" , ',' order by e.\"#2\" desc, e.\"##\")"
                                // So the texts have the collation of their column.
                                + " FROM (SELECT * FROM (SELECT NULL::pg_catalog.int4, o.x, NULL::pg_catalog.int4, NULL::pg_catalog.int8 from orders o) AS o WHERE false"
                                + " UNION ALL SELECT * FROM ROWS FROM (pg_catalog.unnest($3::pg_catalog.int4[]), pg_catalog.unnest($4::pg_catalog.text[]),"
                                + " pg_catalog.unnest($5::pg_catalog.int4[])) WITH ORDINALITY AS r) AS e(\"#\", \"#1\", \"#2\", \"##\") GROUP BY 1)"
                                + " AS a2(\"#\", \"#2\") ON a2.\"#\" OPERATOR(pg_catalog.=) g.\"#\"");
        assertThat(finish.values())
                .containsExactly(
                        new GroupValue(INT4, Kind.SINGLE),
                        new GroupValue(TEXT, Kind.OF_ROWS),
                        new GroupValue(INT4, Kind.OF_SAME_ROWS));
        assertThat(finish.parameterTypes()).hasSize(5);
    }

    @Test
    void countsOfSeveralDistinctArgumentsAreMadeOfTheirValues() {
        ScatterPlanner planner = planner("select count(distinct a) + count(distinct b) filter (where c) from orders");
        planner.described(described(INT8));
        planner.next();
        planner.described(described(INT4_ARRAY, INT4_ARRAY, INT4, INT4));

        ScatterPlan plan = planner.plan();

        assertThat(new String(plan.sql().apply(0), UTF_8))
                .contains("pg_catalog.array_agg(DISTINCT a), pg_catalog.array_agg(DISTINCT b) FILTER (WHERE c)");
        assertThat(requireNonNull(plan.finish()).sql())
                .startsWith("SELECT coalesce(a1.\"#1\", 0) + coalesce(a2.\"#2\", 0) FROM ")
                .contains(" count(distinct e.\"#1\") FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.int4[]),"
                        + " pg_catalog.unnest($3::pg_catalog.int4[])) AS e(\"#\", \"#1\") GROUP BY 1) AS a1")
                .doesNotContain("filter");
    }

    @Test
    void sendsJsonInPlaceOfValuesOfAnyType() {
        int tableType = 16_400;
        ScatterPlanner planner = planner("select jsonb_agg(o order by y) from orders o");
        planner.described(described(3802));
        assertThat(planner.next())
                .startsWith("SELECT pg_catalog.array_agg(pg_catalog.to_jsonb(o)), pg_catalog.array_agg(y), ");
        planner.described(described(JSONB_ARRAY, INT4_ARRAY, 3802, INT4));
        assertThat(requireNonNull(planner.plan().finish()).sql())
                .contains("SELECT e.\"#\", jsonb_agg( e.\"#1\" order by e.\"#2\", e.\"##\")");

        ScatterPlanner other = planner("select json_agg(o order by y) from orders o");
        other.described(described(114));
        other.next();
        other.described(described(tableType + 1, INT4_ARRAY, tableType, INT4));
        assertThatThrownBy(other::plan).isInstanceOf(ScatterRefused.class);
    }

    /** Its array has the type of the array itself; that of a domain is none that is known. */
    @Test
    void refusesArraysAndDomains() {
        for (Described parts : List.of(described(INT4_ARRAY, INT4_ARRAY), described(16_401, INT4))) {
            ScatterPlanner planner = planner("select array_length(array_agg(x), 1) from orders o");
            planner.described(described(INT4));
            planner.next();
            planner.described(parts);

            assertThatThrownBy(planner::plan).isInstanceOf(ScatterRefused.class);
        }
    }

    private static ScatterPlanner planner(String sql) {
        ScatterShape shape = requireNonNull(new ShardingShapeReader()
                .read(sql, true, (schema, table) -> new TableUse.Sharded("customer_id", "C"))
                .scatter());
        byte[] text = sql.getBytes(UTF_8);
        ScatterStatement statement = new ScatterStatement(text, 0, text.length, true, new int[0], null, 0);
        return ScatterPlanner.of(new ScatterRead(statement, shape, TextOrder.BYTES, true), 1 << 20);
    }

    private static Described described(int... types) {
        List<Described.Column> columns = new ArrayList<>();
        for (int type : types) {
            columns.add(new Described.Column("c", type));
        }
        return new Described(new int[0], columns, new byte[0]);
    }
}
