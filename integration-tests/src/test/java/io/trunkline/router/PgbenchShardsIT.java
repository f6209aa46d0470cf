// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ShardedTable;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The pgbench on the path, with its own script of TPC-B, over shards: each of its tables is spread by its own key, so that most transactions are committed in
 * two phases. It must be told of no error, leave the same rows as on one server, and sums that agree.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PgbenchShardsIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int SHARDS_MAX = 4;
    private static final List<String> PROTOCOLS = List.of("simple", "extended", "prepared");

    private static final int SCALE = 2;
    private static final int ACCOUNTS = 100_000;
    private static final int CLIENTS = 8;
    private static final int TRANSACTIONS = 60;

    private static final Map<String, String> KEYS = Map.of(
            "pgbench_accounts", "aid",
            "pgbench_history", "aid",
            "pgbench_tellers", "tid",
            "pgbench_branches", "bid");

    private static final String ACCOUNTS_CHANGED = "select aid, abalance from pgbench_accounts where abalance <> 0";
    private static final String HISTORY = "select tid, bid, aid, delta from pgbench_history";
    private static final String TELLERS_CHANGED = "select tid, tbalance from pgbench_tellers where tbalance <> 0";
    private static final String BRANCHES_CHANGED = "select bid, bbalance from pgbench_branches where bbalance <> 0";

    private SpreadCluster servers;

    @BeforeAll
    void start() {
        boolean installed = new CommandLine(Path.of("."), List.of("pgbench", "--version"))
                .run(LIMIT)
                .isSuccess();
        if (!installed) {
            System.out.println("pgbench over shards is skipped: there is no pgbench on the path");
        }
        assumeTrue(installed);
        servers = SpreadCluster.start(SHARDS_MAX, PostgresOptions.newest().setting("max_prepared_transactions", "20"));
        servers.prepare();
    }

    @AfterAll
    void stop() {
        if (servers != null) {
            servers.close();
        }
    }

    /** pgbench's tables in a database, and the way to them. */
    private record Bank(String database, int port, List<PostgresServer> servers) {}

    @ParameterizedTest
    @MethodSource("shardCounts")
    void tpcbLikeLosesNothing(int shardCount) throws Exception {
        String database = servers.createDatabase(shardCount);
        try (RouterUnderTest router = router(database, shardCount)) {
            Bank bank = new Bank(database, router.port(), servers.servers(shardCount));
            initialise(bank);
            awaitKnown(bank);
            List<String> troubles = router.troubles();

            int done = 0;
            for (String protocol : PROTOCOLS) {
                pgbench(bank, "--client=" + CLIENTS, "--transactions=" + TRANSACTIONS, "--protocol=" + protocol);

                done += CLIENTS * TRANSACTIONS;
                assertThat(sums(connect(bank))).as("of the shards, " + protocol).isEqualTo(balanced(bank, done));
                assertThat(sums(List.of(router.connect(database))))
                        .as("through the router, " + protocol)
                        .isEqualTo(balanced(bank, done));
            }

            assertThat(router.troubles()).isEqualTo(troubles);
            assertThat(router.counted("trunkline_shard_commits_total{outcome=\"committed\"}"))
                    .isGreaterThan(done / 2.0);
            assertThat(servers.preparedCount()).isZero();
        }
    }

    static Stream<Integer> shardCounts() {
        return Stream.of(2, SHARDS_MAX);
    }

    /** With one client and one seed all that is random is the same. */
    @ParameterizedTest
    @MethodSource("shardCounts")
    void oneClientLeavesTheSameRowsAsOnOneServer(int shardCount) throws Exception {
        String one = servers.createDatabase(1);
        String spread = servers.createDatabase(shardCount);
        try (RouterUnderTest router = router(spread, shardCount)) {
            Bank expected = new Bank(one, servers.server(0).port(), servers.servers(1));
            Bank bank = new Bank(spread, router.port(), servers.servers(shardCount));
            for (Bank each : List.of(expected, bank)) {
                initialise(each);
                awaitKnown(each);
                for (String protocol : PROTOCOLS) {
                    pgbench(each, "--client=1", "--transactions=50", "--random-seed=1", "--protocol=" + protocol);
                }
            }

            for (String query : List.of(ACCOUNTS_CHANGED, HISTORY, TELLERS_CHANGED, BRANCHES_CHANGED)) {
                assertThat(rows(bank, query)).as(query).isNotEmpty().isEqualTo(rows(expected, query));
            }
        }
    }

    private RouterUnderTest router(String database, int shardCount) {
        HashSlots slots = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, shardCount);
        return servers.router(
                        database,
                        shardCount,
                        Stream.of("aid", "tid", "bid")
                                .map(key -> new Distribution(key, KeyType.INT4, slots))
                                .toList(),
                        KEYS.entrySet().stream()
                                .map(table -> new ShardedTable(
                                        ShardedTable.SCHEMA_DEFAULT,
                                        table.getKey(),
                                        table.getValue(),
                                        table.getValue()))
                                .toList(),
                        List.of())
                .set("defaults.pool_size", Integer.toString(CLIENTS + 2))
                .start();
    }

    /** Has pgbench make its tables and their rows, by CREATE, TRUNCATE, INSERT, COPY with FREEZE, VACUUM and ALTER. */
    private static void initialise(Bank bank) {
        succeed(bank.port, bank.database, "pgbench", "--initialize", "--init-steps=dtgvp", "--scale=" + SCALE);
    }

    private static void pgbench(Bank bank, String... options) {
        List<String> words = new ArrayList<>(List.of("pgbench", "--no-vacuum", "--jobs=2"));
        words.addAll(List.of(options));
        List<String> lines = succeed(bank.port, bank.database, words.toArray(String[]::new));
        assertThat(lines)
                .noneMatch(line -> line.contains("error"))
                .contains("number of failed transactions: 0 (0.000%)");
    }

    private static List<String> succeed(int port, String database, String... words) {
        CommandLine.Outcome outcome = new CommandLine(Path.of("."), List.of(words))
                .connectingTo(port, database)
                .run(LIMIT);
        assertThat(outcome.exitCode())
                .as("%s printed%n%s", String.join(" ", words), outcome.end())
                .isZero();
        return outcome.lines();
    }

    /** Waits until the router has read the catalogue: before that it refuses what might use rows of other shards. */
    private static void awaitKnown(Bank bank) {
        await().ignoreExceptions().until(() -> {
            try (Connection connection = RouterUnderTest.connect(bank.port, bank.database, Map.of())) {
                return rows(connection, "select count(*) from pgbench_branches").equals(List.of(SCALE + " "));
            }
        });
    }

    /** Opens a connection to each of the servers. */
    private static List<Connection> connect(Bank bank) throws SQLException {
        List<Connection> connections = new ArrayList<>();
        for (PostgresServer server : bank.servers) {
            connections.add(server.connect(bank.database));
        }
        return connections;
    }

    /** Returns what the balances add up to, and how many transactions the history knows, of all these connections together; closes them. */
    private static List<Long> sums(List<Connection> connections) throws SQLException {
        List<String> queries = List.of(
                "select sum(abalance) from pgbench_accounts",
                "select sum(tbalance) from pgbench_tellers",
                "select sum(bbalance) from pgbench_branches",
                "select sum(delta) from pgbench_history",
                "select count(*) from pgbench_history",
                "select count(*) from pgbench_accounts");
        long[] sums = new long[queries.size()];
        for (Connection connection : connections) {
            try (connection;
                    Statement statement = connection.createStatement()) {
                for (int i = 0; i < sums.length; i++) {
                    try (ResultSet result = statement.executeQuery(queries.get(i))) {
                        result.next();
                        sums[i] += result.getLong(1);
                    }
                }
            }
        }
        return IntStream.range(0, sums.length).mapToObj(i -> sums[i]).toList();
    }

    private static List<Long> balanced(Bank bank, int transactions) throws SQLException {
        long delta = 0;
        for (String row : rows(bank, "select delta from pgbench_history")) {
            delta += Long.parseLong(row.trim());
        }
        return List.of(delta, delta, delta, delta, (long) transactions, (long) SCALE * ACCOUNTS);
    }

    /** Returns the rows of all servers, sorted. */
    private static List<String> rows(Bank bank, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        for (Connection server : connect(bank)) {
            try (server) {
                rows.addAll(rows(server, query));
            }
        }
        rows.sort(null);
        return rows;
    }

    private static List<String> rows(Connection connection, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                StringBuilder row = new StringBuilder();
                for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
                    row.append(result.getString(column)).append(' ');
                }
                rows.add(row.toString());
            }
        }
        return rows;
    }
}
