// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.testing.Case;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key is no proof of a shard while something beside it may use rows of others. */
class TableUsesTest {
    private final RoutingTable table = Given.customers(3);
    private final StatementRouter router = new StatementRouter(
            table,
            CatalogSnapshot.of(
                    List.of(List.of("lower", "f", "f"), List.of("balance_of", "f", "t"), List.of("label_of", "f", "t")),
                    List.of(),
                    List.of(),
                    List.of(
                            List.of("function", "balance_of", ""),
                            List.of("attribute", "balance_of", ""),
                            List.of("operator", "<@@>", ""),
                            List.of("write", "customers", "trigger t calls audit"))));

    private final StatementRouter guarding = new StatementRouter(
            table, CatalogSnapshot.of(List.of(), List.of(), List.of(), List.of(List.of("read", "orders", "policy p"))));

    @ParameterizedTest
    @Case("H08")
    @ValueSource(
            strings = {
                "select balance_of(id) from orders where customer_id = $1",
                "select public.balance_of(id) from orders where customer_id = $1",
                "select o.balance_of from orders o where customer_id = $1",
                "select 1 from orders where customer_id = $1 and a <@@> b",
                "update orders set amount = balance_of(id) where customer_id = $1"
            })
    void refusesFunctionsThatUseTables(String sql) {
        assertThat(code(sql)).isEqualTo("TL0239");
    }

    @ParameterizedTest
    @Case("H08")
    @ValueSource(
            strings = {
                "update customers set name = 'x' where id = $1",
                "update customers set name = 'x'",
                "insert into customers (id) values ($1)",
                "insert into customers (id) values ($1), (43), (44), (45)",
                "with c as (delete from customers where id = $1 returning id) select * from c"
            })
    void refusesToWriteTablesWithTriggersThatDo(String sql) {
        assertThat(code(sql)).isEqualTo("TL0240");
    }

    @ParameterizedTest
    @Case("H08")
    @ValueSource(
            strings = {
                "select * from orders where customer_id = $1",
                "select * from orders",
                "delete from orders where customer_id = $1"
            })
    void refusesTablesWithPoliciesThatDo(String sql) {
        assertThat(code(guarding, sql)).isEqualTo("TL0240");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select lower(name), label_of(id) from customers where id = $1",
                "select a + b from orders where customer_id = $1",
                "update orders set amount = 0 where customer_id = $1",
                "/* trunkline: shard=b */ select balance_of(id) from orders",
                "/* trunkline: shard=b */ update customers set name = 'x'"
            })
    void runsWhatUsesNothingElseAndWhatTheClientAnswersFor(String sql) {
        assertThat(target(router, sql)).isInstanceOf(Target.At.class);
    }

    @Test
    void takesNoFunctionOfAnybodysForHarmlessBeforeTheCatalogueIsRead() {
        StatementRouter unread = new StatementRouter(table, CatalogSnapshot.unloaded());

        assertThat(code(unread, "select label_of(id) from orders where customer_id = $1"))
                .isEqualTo("TL0239");
        assertThat(code(unread, "select lower(name) from orders where customer_id = $1"))
                .isEqualTo("");
    }

    @Test
    void isAsDangerousAsTheWorseOfTwoDatabases() {
        CatalogSnapshot one =
                CatalogSnapshot.of(List.of(), List.of(), List.of(), List.of(List.of("function", "f", "")));
        CatalogSnapshot other =
                CatalogSnapshot.of(List.of(), List.of(), List.of(), List.of(List.of("write", "t", "rule r")));

        TableUses both = one.mergedWith(other).tableUses();

        assertThat(both.function(List.of("g", "s.f"))).isEqualTo("s.f");
        assertThat(both.hidden(List.of("t"), true)).isEqualTo("table t: rule r");
        assertThat(both.hidden(List.of("t"), false)).isNull();
    }

    private String code(String sql) {
        return code(router, sql);
    }

    private String code(StatementRouter asked, String sql) {
        return target(asked, sql) instanceof Target.Refused refused ? refused.code() : "";
    }

    private Target target(StatementRouter asked, String sql) {
        ShardingShape shape = new ShardingShapeReader().read(sql, true, table.forSearchPath(List.of("public")));
        return asked.target(Given.statement(sql), shape, GivenKeys.text(20, "42"), Given.SESSION);
    }
}
