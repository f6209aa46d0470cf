// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The demo as a whole, with what its own text tells people to type. */
class DemoIT {
    private static Demo demo;

    @BeforeAll
    static void start() {
        demo = new Demo(
                new DemoOptions(FreePort.next(), 2, 1, PostgresBinaries.newest().major(), 0));
        demo.start();
    }

    @AfterAll
    static void stop() {
        Path workspace = demo.router().log().getParent().getParent();

        demo.close();

        assertThat(workspace).doesNotExist();
        assertThat(Files.exists(demo.stateFile())).isFalse();
    }

    @Test
    void readsByKeyComeFromTheKeysShard() throws SQLException {
        List<String> reads = new DemoData(demo.shards()).readsByShard();

        for (int shard = 0; shard < reads.size(); shard++) {
            try (Connection connection = Demo.connect(demo.port())) {
                assertThat(text(connection, reads.get(shard))).isNotNull();
                assertThat(text(connection, "show trunkline.route")).contains("shard=shard" + shard + " ");
            }
        }
    }

    @Test
    void writesGoToThePrimaryAndHintedReadsToTheReplica() throws SQLException {
        long customer = new DemoData(demo.shards()).firstCustomer(1);
        try (Connection connection = Demo.connect(demo.port());
                Statement statement = connection.createStatement()) {
            statement.execute("insert into orders (id, customer_id, amount, placed_at) values (77, " + customer
                    + ", 19.90, now())");
            assertThat(text(connection, "show trunkline.route")).contains("shard=shard1 role=primary");
            demo.shards().shard(1).awaitReplay();

            String amount = text(
                    connection,
                    "/* trunkline: role=replica */ select amount from orders where id = 77 and customer_id = "
                            + customer);

            assertThat(amount).isEqualTo("19.90");
            assertThat(text(connection, "show trunkline.route")).contains("shard=shard1 role=replica");
        }
    }

    @Test
    void transactionOnAllShardsCommitsOnAll() throws SQLException {
        DemoData data = new DemoData(demo.shards());
        try (Connection connection = Demo.connect(demo.port());
                Statement statement = connection.createStatement()) {
            for (String sql : data.transactionOnAllShards()) {
                statement.execute(sql);
            }

            for (int shard = 0; shard < demo.shards().shards().size(); shard++) {
                assertThat(text(
                                connection,
                                "/* trunkline: role=primary */ select name from customers where id = "
                                        + data.firstCustomer(shard)))
                        .isEqualTo("Ada");
            }
        }
    }

    @Test
    void refusesWhatNeedsSeveralShards() throws SQLException {
        try (Connection connection = Demo.connect(demo.port())) {
            assertThatThrownBy(() -> text(connection, "select corr(customer_id, amount) from orders"))
                    .isInstanceOf(SQLException.class)
                    .extracting(e -> ((SQLException) e).getSQLState())
                    .isEqualTo("0A000");
            assertThat(text(connection, "select count(*) from countries")).isEqualTo("12");
        }
    }

    @Test
    void clientRollsBackAndGoesOnAfterItsPrimaryWasLost() throws SQLException {
        PostgresCluster shard = demo.shards().shard(0);
        long customer = new DemoData(demo.shards()).firstCustomer(0);
        String insert =
                "insert into orders (id, customer_id, amount, placed_at) values (%d, " + customer + ", 1, now())";
        try (Connection connection = Demo.connect(demo.port());
                Statement statement = connection.createStatement()) {
            statement.execute("begin");
            statement.execute(insert.formatted(88));
            PostgresServer lost = shard.killPrimary();
            shard.promote(shard.replica());
            demo.publish();

            assertThatThrownBy(() -> statement.execute("commit"))
                    .isInstanceOf(SQLException.class)
                    .extracting(e -> ((SQLException) e).getSQLState())
                    .isEqualTo("40001");
            statement.execute("rollback");
            statement.execute("begin");
            statement.execute(insert.formatted(89));
            statement.execute("commit");

            assertThat(text(
                            connection,
                            "select string_agg(id::text, ',') from orders where id in (88, 89) and" + " customer_id = "
                                    + customer))
                    .isEqualTo("89");
            shard.rejoin(lost);
            demo.writeState();
        }
    }

    @Test
    void failoverCanBeRepeated() {
        String[] arguments = {"failover", "--port", Integer.toString(demo.port()), "--shard", "1", "--clients", "2"};

        int first = new CommandLine(new DemoCommand()).execute(arguments);
        int second = new CommandLine(new DemoCommand()).execute(arguments);

        assertThat(List.of(first, second)).containsOnly(0);
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }
}
