// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An application on one server learns what its statements would do on two shards, and notices nothing of it. */
class DryRunIT {
    private static final HashSlots SLOTS = HashSlots.evenly(16, 2);
    private static final long ONE = idOn(0, 0);
    private static final long OTHER = idOn(1, 0);
    private static final long THIRD = idOn(0, 1);

    private static final List<String> APPLICATION = List.of(
            "insert into customers (id, name) values (" + ONE + ", 'Ada'), (" + OTHER + ", 'Bob'), (" + THIRD
                    + ", 'Cyd')",
            "insert into orders (id, customer_id, amount) values (10, " + ONE + ", 5), (11, " + OTHER + ", 7)",
            "select * from customers where id = " + ONE,
            "select * from customers where id = " + OTHER,
            "select count(*), sum(amount) from orders",
            "select corr(id, id) from customers where name <> 'Ada'",
            "select c.name, o.amount from customers c join orders o on o.id = c.id + 9 order by 1",
            "update customers set id = id + 100 where id = " + THIRD,
            "insert into countries (code) values ('AT')",
            "begin",
            "update orders set amount = amount + 1 where customer_id = " + ONE,
            "update orders set amount = amount + 1 where customer_id = " + OTHER,
            "select * from orders order by id",
            "commit",
            "begin",
            "select * from orders where customer_id = " + ONE,
            "rollback",
            "select nothing from orders where customer_id = " + ONE,
            "select count(*) from unlisted",
            "create temporary table mine (i int)",
            "insert into mine select 1",
            "select * from mine");

    private static long idOn(int shard, int skipped) {
        return LongStream.rangeClosed(1, 100)
                .filter(id -> SLOTS.shardOf(KeyValue.ofLong(id)).getAsInt() == shard)
                .skip(skipped)
                .findFirst()
                .getAsLong();
    }

    private PostgresCluster cluster;
    private RouterUnderTest router;

    @BeforeEach
    void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        makeTables();
        router = RouterUnderTest.with(cluster.workspace(), topology(1, "customer_id"))
                .start();
        await().untilAsserted(() -> {
            try (WireClient client = connect()) {
                client.query("select count(*) from customers");
                assertThat(client.ask("show trunkline.route")).contains("planned=merged_read");
            }
        });
    }

    private void makeTables() {
        cluster.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "drop table if exists customers, orders, countries, unlisted",
                        "create table customers (id int8 primary key, name text)",
                        "create table orders (id int8, customer_id int8, amount int)",
                        "create table countries (code text primary key)",
                        "create table unlisted (i int)",
                        "grant all on all tables in schema public to public");
    }

    private Topology topology(long revision, String ordersKey) {
        return TestTopologies.dryRun(
                cluster,
                revision,
                List.of(new Distribution("customer", KeyType.INT8, SLOTS)),
                List.of(
                        new ShardedTable("public", "customers", "id", "customer"),
                        new ShardedTable("public", "orders", ordersKey, "customer")),
                List.of(new ReferenceTable("public", "countries")),
                "app");
    }

    @AfterEach
    void stop() {
        router.close();
        cluster.close();
    }

    private WireClient connect() {
        return WireClient.connect(router.port(), "app");
    }

    private JsonNode report() {
        try {
            return new ObjectMapper()
                    .readTree(router.get("/dry-run").body())
                    .get("clusters")
                    .get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private double counted(String what, String outcome) {
        return router.counted("trunkline_dry_run_" + what + "_total{cluster=\"dry\",outcome=\"" + outcome + "\"}");
    }

    private static List<String> run(int port, String database) {
        List<String> answers = new ArrayList<>();
        try (WireClient client = WireClient.connect(port, database)) {
            APPLICATION.forEach(sql -> answers.add(client.query(sql).toString()));
        }
        return answers;
    }

    @Test
    void anApplicationRunsAsItDoesWithoutAndIsCounted() {
        List<String> direct = run(cluster.primary().port(), TestTopologies.DATABASE);
        makeTables();
        JsonNode before = report();
        double merged = counted("statements", "merged_read");

        assertThat(run(router.port(), "app")).isEqualTo(direct);

        JsonNode statements = report().get("statements");
        // Two by key, three of transactions, and one with an error that only a server sees.
        assertThat(statements.get("one_shard").asInt()).isEqualTo(6);
        // Two inserts of rows of both shards.
        assertThat(statements.get("spread_write").asInt()).isEqualTo(2);
        assertThat(statements.get("every_shard").asInt()).isEqualTo(1);
        assertThat(counted("statements", "one_shard")).isEqualTo(6);
        // The sum, and the orders by id.
        assertThat(counted("statements", "merged_read") - merged).isEqualTo(2);
        assertThat(counted("transactions", "two_phase_commit")).isEqualTo(4);
        assertThat(report().get("top").get("refused").findValuesAsText("text"))
                .contains(
                        "select corr(id, id) from customers where name <> ?",
                        "select c.name, o.amount from customers c join orders o on o.id = c.id + ? order by ?",
                        "update customers set id = id + ? where id = ?",
                        "select count(*) from unlisted");
        assertThat(report().get("refusals").get("TL0126").asInt()).isEqualTo(1);
        assertThat(router.counted("trunkline_dry_run_refusals_total{cluster=\"dry\",code=\"TL0126\"}"))
                .isEqualTo(1);
        assertThat(report().toString()).doesNotContain("Ada").doesNotContain("+ 100");
        assertThat(before.get("statements").get("one_shard").asInt()).isZero();
        assertThat(router.troubles()).noneMatch(line -> line.contains("refusals"));
        try (WireClient client = connect()) {
            client.query("select corr(id, id) from customers");
            assertThat(client.ask("show trunkline.route"))
                    .startsWith("shard=only role=primary")
                    .endsWith("planned=refused planned_reason=TL0126");
        }
    }

    @Test
    void aDriverIsCountedByTheKeysOfItsParameters() throws SQLException {
        // Those that were asked before the catalogue was known.
        double undecided = counted("statements", "undecided");
        String url = "jdbc:postgresql://127.0.0.1:" + router.port() + "/app";
        try (Connection connection = DriverManager.getConnection(url, RouterUnderTest.USER, RouterUnderTest.PASSWORD)) {
            try (PreparedStatement insert =
                    connection.prepareStatement("insert into customers (id, name) values (?, ?)")) {
                for (long id = 1; id <= 8; id++) {
                    insert.setLong(1, id);
                    insert.setString(2, "someone");
                    insert.executeUpdate();
                }
            }
            connection.setAutoCommit(false);
            try (PreparedStatement update = connection.prepareStatement("update customers set name = ? where id = ?")) {
                for (long id = 1; id <= 8; id++) {
                    update.setString(1, "other");
                    update.setLong(2, id);
                    update.executeUpdate();
                }
            }
            connection.commit();
        }

        assertThat(counted("statements", "one_shard")).isEqualTo(16);
        assertThat(counted("statements", "undecided")).isEqualTo(undecided);
        assertThat(counted("transactions", "one_shard")).isEqualTo(8);
        assertThat(counted("transactions", "two_phase_commit")).isEqualTo(1);
    }

    @Test
    void anotherPlanIsCountedAnew() {
        try (WireClient client = connect()) {
            client.query("select * from orders where customer_id = " + ONE);
            assertThat(report().get("statements").get("one_shard").asInt()).isEqualTo(1);

            router.publish(topology(2, "id"));
            await().untilAsserted(() -> assertThat(
                            report().get("statements").get("one_shard").asInt())
                    .isZero());
            client.query("select * from orders where customer_id = " + ONE);

            await().untilAsserted(() -> {
                client.query("select * from orders where customer_id = " + ONE);
                assertThat(client.ask("show trunkline.route")).contains("planned=merged_read");
            });
        }
    }
}
