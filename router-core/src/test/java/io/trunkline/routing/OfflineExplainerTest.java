// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.routing.OfflineExplainer.Circumstances;
import io.trunkline.routing.OfflineExplainer.Parameter;
import io.trunkline.testing.Case;
import io.trunkline.topology.Topology;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OfflineExplainerTest {
    private final RoutingTable table = Given.table(3);
    private final Topology topology = Given.topology(table.cluster());
    private final String shardOf42 = table.shardName(Given.shardOf(table, 42L));

    @Test
    void explainsAReadByKey() {
        RouteExplanation route = explain("select * from orders where customer_id = $1", "42::int8");

        assertThat(route.shard()).isEqualTo(shardOf42);
        assertThat(route.role()).isEqualTo("replica or primary");
        assertThat(route.node()).isEqualTo("node-" + shardOf42);
        assertThat(route.reason())
                .isEqualTo("key (the shard key names the shard), read (a read that a replica may serve)");
        assertThat(route.fields()).containsOnlyKeys("shard", "role", "node", "reason");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "insert into orders (customer_id, amount) values (42, 1)|primary",
                "insert into public.orders (customer_id) values ('42'), (42)|primary",
                "update orders set amount = 0 where 42 = customer_id and amount > 1|primary",
                "select * from orders o join customers c on o.customer_id = c.id where c.id = 42|replica or primary",
                "select * from orders where customer_id in (42, 42)|replica or primary",
                "select * from orders where customer_id = any ('{42}')|replica or primary",
                "select 1; select * from orders where customer_id = 42; select 'x'|replica or primary",
                "select 7; insert into orders (customer_id) values (42)|primary",
                "begin read only; select * from orders where customer_id = 42|replica or primary",
                "begin; select * from orders where customer_id = 42|primary",
            })
    void findsTheKeyInTheText(String sql, String role) {
        RouteExplanation route = explain(sql, new Parameter[0]);

        assertThat(route.refusal()).isEmpty();
        assertThat(route.shard()).isEqualTo(shardOf42);
        assertThat(route.role()).isEqualTo(role);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "table orders|TL0106",
                "select corr(amount, id) from orders where customer_id > 42|TL0126",
                "select * from orders where customer_id in (1, 2, 3, 4, 5, 6) order by id for update|TL0121",
                "insert into orders (customer_id) values (null)|TL0208",
                "insert into orders (customer_id) values (42), (null)|TL0208",
                "insert into app.readings (id) values (100)|TL0209",
                "delete from orders where customer_id = 42.0|TL0206",
                "update orders set customer_id = 1 where customer_id = 42|TL0113",
                "update countries set name = default|TL0135",
                "create temp table t ()|TL0115",
                "select * from nowhere|TL0105",
                "select * from orders where customer_id = 1; select * from orders where customer_id = 2;"
                        + " select * from orders where customer_id = 3; select * from orders where customer_id = 4|TL0210",
                "select 'unterminated|TL0205",
                "/* trunkline: shard=nowhere */ select 1|TL0202",
            })
    void explainsRefusals(String sql, String code) {
        RouteExplanation route = explain(sql, new Parameter[0]);

        assertThat(route.isRefused()).isTrue();
        assertThat(route.refusal().get("detail")).startsWith(code + ": ");
        assertThat(route.refusal().get("error")).matches("(0A000|22023|22P02|23502): .+");
        assertThat(route.refusal().get("hint")).isNotBlank();
        assertThat(route.fields()).doesNotContainKey("shard");
    }

    @Test
    void neverStoresARowWithoutAKeyFromACommonTableExpression() {
        RouteExplanation route = explain(
                "with x as (insert into orders (customer_id) values ($2) returning 1) "
                        + "update customers set name = 'x' where id = $1",
                new Parameter("42", 20),
                new Parameter(null, 20));

        assertThat(route.isRefused()).isTrue();
    }

    @Test
    @Case("H09")
    void findsTablesAlongTheSearchPath() {
        RouteExplanation elsewhere = explain("select * from events where name = 'a'", new Parameter[0]);
        RouteExplanation found = OfflineExplainer.explain(
                topology,
                "app",
                "select * from events where name = 'a'",
                List.of(),
                new Circumstances(ReadPolicy.PRIMARY, List.of("app")));

        assertThat(elsewhere.refusal().get("detail")).startsWith("TL0105");
        assertThat(found.isRefused()).isFalse();
        assertThat(found.role()).isEqualTo("primary");
        assertThat(found.reason()).contains("policy");
    }

    @Test
    void saysWhenTheTypeOfAParameterDecides() {
        assertThat(explain("select * from orders where customer_id = $1", "-1").reason())
                .contains("type of a parameter");
        assertThat(explain("select * from orders where customer_id = $1", "42").shard())
                .isEqualTo(shardOf42);
    }

    @Test
    void readsTypedParameters() {
        assertThat(Parameter.parse("42")).isEqualTo(new Parameter("42", 0));
        assertThat(Parameter.parse("42::int8")).isEqualTo(new Parameter("42", 20));
        assertThat(Parameter.parse("{1,2}::bigint[]")).isEqualTo(new Parameter("{1,2}", 1016));
        assertThat(Parameter.parse("a::b")).isEqualTo(new Parameter("a::b", 0));
        assertThat(Parameter.parse("a::b::text")).isEqualTo(new Parameter("a::b", 25));
    }

    @Test
    void knowsNoOtherDatabase() {
        RouteExplanation route =
                OfflineExplainer.explain(topology, "other", "select 1", List.of(), Circumstances.DEFAULT);

        assertThat(route.refusal().get("error")).startsWith("3D000");
    }

    private RouteExplanation explain(String sql, String... parameters) {
        return explain(sql, Stream.of(parameters).map(Parameter::parse).toArray(Parameter[]::new));
    }

    private RouteExplanation explain(String sql, Parameter... parameters) {
        return OfflineExplainer.explain(topology, "app", sql, List.of(parameters), Circumstances.DEFAULT);
    }
}
