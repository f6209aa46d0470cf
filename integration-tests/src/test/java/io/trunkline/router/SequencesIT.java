// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.SharedSequence;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.postgresql.PGConnection;

/** A sequence over four shards in blocks of 20, supplied by two routers; the last tests take ZooKeeper and its data away. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SequencesIT {
    private static final int SHARDS = 4;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String NONE_LEFT = "no block of sequence \"orders_id\" over shards is left on this shard";
    private static final String COUNTRIES = "select string_agg(code || ' ' || id, ', ' order by code) from countries";
    private static final String ZNODE = "/trunkline/sequences/sharded/db-app/seq-orders_id";

    private static ShardedCluster shards;
    private static ZooKeeperFixture zooKeeper;
    private static RouterUnderTest one;
    private static RouterUnderTest other;

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                SHARDS,
                TestTopologies.trusting(
                        PostgresOptions.newest().replicas(0).setting("max_prepared_transactions", "40")));
        shards.shards().forEach(TestTopologies::prepare);
        assertThat(command("ids", "install").lines()).contains("sharded/s3 app: number 3");
        for (PostgresCluster shard : shards.shards()) {
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "create table orders (customer int8, id int8 default trunkline.next_value('orders_id'), what text)",
                            "create table countries (code text, id int8 default trunkline.next_value('orders_id'))",
                            "grant all on all tables in schema public to public",
                            // For the test, which reads them as any user.
                            "grant select on trunkline.sequence_blocks to public");
        }
        zooKeeper = ZooKeeperFixture.start(shards.workspace());
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection).publish(topology(), OptionalLong.of(0));
        }
        assertThat(command("doctor").lines())
                .contains("warning sharded app: sequence-low: orders_id has 0 numbers left on s0")
                .noneMatch(line -> line.contains("sequence_blocks"));
        one = router().start();
        other = router().start();
        await().atMost(LIMIT).until(() -> left(0) > 0 && left(1) > 0 && left(2) > 0 && left(3) > 0);
        try (WireClient client = WireClient.connect(one.port(), "app")) {
            await().atMost(LIMIT).until(() -> "0".equals(client.ask("select count(*) from orders")));
        }
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        zooKeeper.close();
        shards.close();
    }

    private static Topology topology() {
        Topology plain = TestTopologies.sharded(
                shards,
                1,
                List.of(new Distribution("customer", KeyType.INT8, HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS))),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "orders", "customer", "customer")),
                List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, "countries")),
                "app");
        Cluster cluster = plain.clusters().get(0);
        return new Topology(
                1,
                List.of(new Cluster(
                        cluster.name(),
                        cluster.shards(),
                        cluster.distributions(),
                        cluster.shardedTables(),
                        cluster.referenceTables(),
                        List.of(),
                        List.of(new SharedSequence("orders_id", 20, 1_000)))),
                plain.databases());
    }

    private static RouterUnderTest.Builder router() {
        return RouterUnderTest.with(shards.workspace())
                .set("topology.source", "zookeeper")
                .set("topology.connect", zooKeeper.connectString())
                .set("sequences.supply_interval", "200ms");
    }

    private static CommandLine.Outcome command(String... words) throws IOException {
        Path folder = Files.createDirectories(shards.workspace().resolve("command"));
        Files.write(folder.resolve("topology.json"), TopologyJson.write(topology()));
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("topology.source", "file");
        configuration.set("topology.file", "topology.json");
        Path file = Files.writeString(folder.resolve("trunkline.yaml"), configuration.text());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dlogback.configurationFile=quiet-logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                "io.trunkline.server.TrunklineCommand"));
        command.addAll(List.of(words));
        command.addAll(List.of("--config", file.toString()));
        return new CommandLine(folder, command).run(Duration.ofMinutes(2));
    }

    private static double left(int shard) {
        return one.counted(
                "trunkline_sequence_values_left{cluster=\"sharded\",database=\"app\",sequence=\"orders_id\",shard=\"s"
                        + shard + "\"}");
    }

    @Test
    @Order(1)
    @Case("H49")
    void routesWhereAnyShardWillDoAndDividesRowsAmongShards() throws Exception {
        try (WireClient client = WireClient.connect(one.port(), "app")) {
            assertThat(Long.parseLong(String.valueOf(client.ask("select trunkline.next_value('orders_id')"))))
                    .isGreaterThanOrEqualTo(1_000);
            assertThat(client.ask("insert into orders (customer) values (1) returning id"))
                    .hasSizeGreaterThan(3);
            assertThat(client.query("insert into orders (customer, id) values"
                                    + " (1, trunkline.next_value('orders_id')), (2, trunkline.next_value('orders_id')),"
                                    + " (3, trunkline.next_value('orders_id')), (4, trunkline.next_value('orders_id'))")
                            .toString())
                    .contains("INSERT 0 4");
            assertThat(client.query("insert into orders (customer, id) values (trunkline.next_value('orders_id'), 1)")
                            .toString())
                    .contains("TL01");
            // The first shard gives the numbers, the others get its rows.
            for (String row :
                    List.of("(code, id) values ('at', trunkline.next_value('orders_id'))", "(code) values ('ch')")) {
                assertThat(client.query("insert into countries " + row).toString())
                        .contains("INSERT 0 1");
            }
            String copy = ask(0, COUNTRIES);
            assertThat(copy).matches("at [0-9]+, ch [0-9]+");
            assertThat(List.of(ask(1, COUNTRIES), ask(2, COUNTRIES), ask(3, COUNTRIES)))
                    .containsOnly(copy);
            assertThat(client.query("select trunkline.next_value('of_nobody')").toString())
                    .contains("42P01")
                    .contains("trunkline ids install");
        }
        try (Connection connection = one.connect("app", Map.of())) {
            byte[] rows = "11\n12\n13\n14\n15\n16\n".getBytes(StandardCharsets.US_ASCII);
            assertThat(connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn("copy orders (customer) from stdin", new ByteArrayInputStream(rows)))
                    .isEqualTo(6);
        }
        assertNoneTwice(11);
    }

    @Test
    @Order(2)
    @Case("H49")
    void givesNoNumberTwiceWhileRoutersAreKilledAndZooKeeperRestarts() throws Exception {
        RouterConfiguration configuration = RouterConfiguration.forTests();
        int port = FreePort.next();
        configuration.set("listen.port", Integer.toString(port));
        configuration.set("topology.source", "zookeeper");
        configuration.set("topology.connect", zooKeeper.connectString());
        configuration.set("sequences.supply_interval", "100ms");
        List<Callable<Integer>> work = new ArrayList<>();
        for (int client = 0; client < 8; client++) {
            int number = client;
            work.add(() -> insert(number));
        }
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        int before = count();
        int inserted = 0;
        try (RouterProcess third = RouterProcess.start(shards.workspace(), "third", configuration.text(), List.of())) {
            third.awaitAccepting(port, LIMIT);
            List<Future<Integer>> under = work.stream().map(threads::submit).toList();
            await().atMost(LIMIT).until(() -> count() > before + 500);
            third.kill();
            zooKeeper.restart();
            for (Future<Integer> done : under) {
                inserted += done.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(inserted).isEqualTo(8 * 300 * 3);
        assertNoneTwice(before + inserted);
        assertThat(one.counted("trunkline_sequence_blocks_total{outcome=\"added\"}")
                        + other.counted("trunkline_sequence_blocks_total{outcome=\"added\"}"))
                .isGreaterThan(10);
    }

    /** Inserts rows for all shards, and what a shard has no number for once more. */
    private static int insert(int number) {
        RouterUnderTest router = number % 2 == 0 ? one : other;
        int count = 0;
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            for (int i = 0; i < 300; i++) {
                String first = "insert into orders (customer, what) values (" + (number * 1_000 + i) + ", 'default')";
                String both = "insert into orders (customer, id, what) values (" + i
                        + ", trunkline.next_value('orders_id'), 'called'), (" + (i + 1)
                        + ", trunkline.next_value('orders_id'), 'called')";
                count += untilDone(client, first, "INSERT 0 1") + untilDone(client, both, "INSERT 0 2") * 2;
            }
        }
        return count;
    }

    private static int untilDone(WireClient client, String sql, String tag) {
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> {
            String answer = client.query(sql).toString();
            assertThat(answer)
                    .satisfiesAnyOf(
                            said -> assertThat(said).contains(tag),
                            said -> assertThat(said).contains("55000", NONE_LEFT));
            return answer.contains(tag);
        });
        return 1;
    }

    @Test
    @Order(3)
    void givesWhatIsAtHandWhileZooKeeperIsAwayThenSaysSo() throws Exception {
        // Four blocks, or less than one below.
        await().atMost(LIMIT).until(() -> left(0) > 60);
        zooKeeper.stop();
        String ask = "/* trunkline: shard=s0 */ select trunkline.next_value('orders_id')";
        try (WireClient client = WireClient.connect(one.port(), "app")) {
            assertThat(client.query(ask).toString()).doesNotContain("55000");
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> client.query(ask).toString().contains("55000"));
            assertThat(client.query(ask).toString())
                    .contains(NONE_LEFT)
                    .contains("Routers add blocks from ZooKeeper: see trunkline_sequence_values_left and their logs.");
            client.query("begin isolation level repeatable read");
            assertThat(client.query(ask).toString()).contains("40001");
            client.query("rollback");
            await().atMost(LIMIT)
                    .until(() ->
                            one.counted("trunkline_sequence_blocks_total{outcome=\"failed\"}") > 0 && left(0) == 0);
            zooKeeper.restart();

            await().atMost(LIMIT).until(() -> !client.query(ask).toString().contains("55000"));
        }
        assertNoneTwice(count());
    }

    @Test
    @Order(4)
    void goesBeyondWhatTheShardsHoldWhenTheCounterIsLost() throws Exception {
        long greatest = 0;
        for (int shard = 0; shard < SHARDS; shard++) {
            greatest = Math.max(
                    greatest, Long.parseLong(ask(shard, "select max(start + size) from trunkline.sequence_blocks")));
        }
        try (ZooKeeper client = new ZooKeeper(zooKeeper.connectString(), 10_000, event -> {})) {
            client.delete(ZNODE, -1);
        }
        long beyond = greatest;

        try (WireClient client = WireClient.connect(other.port(), "app")) {
            await().atMost(LIMIT).untilAsserted(() -> {
                // A shard that has had much to do has much at hand: it gets no block before that is used.
                for (int i = 0; i < 100; i++) {
                    untilDone(client, "insert into orders (customer) values (" + i + ")", "INSERT 0 1");
                }
                assertThat(Long.parseLong(ask(0, "select max(start + size) from trunkline.sequence_blocks")))
                        .isGreaterThan(beyond + 20 * 10_000);
            });
        }
        assertNoneTwice(count());
    }

    private static String ask(int shard, String sql) {
        try (WireClient direct =
                WireClient.connect(shards.shard(shard).primary().port(), TestTopologies.DATABASE)) {
            return String.valueOf(direct.ask(sql));
        }
    }

    private static int count() {
        int count = 0;
        for (int shard = 0; shard < SHARDS; shard++) {
            try (WireClient direct =
                    WireClient.connect(shards.shard(shard).primary().port(), TestTopologies.DATABASE)) {
                count += Integer.parseInt(String.valueOf(direct.ask("select count(*) from orders")));
            }
        }
        return count;
    }

    private static List<Long> ids(int shard) {
        return rows(shard, "select id from orders").stream()
                .map(row -> row.get(0))
                .toList();
    }

    /** Returns sizes by first numbers. */
    private static Map<Long, Long> blocks(int shard) {
        Map<Long, Long> blocks = new TreeMap<>();
        rows(shard, "select start, size from trunkline.sequence_blocks")
                .forEach(row -> blocks.put(row.get(0), row.get(1)));
        return blocks;
    }

    private static List<List<Long>> rows(int shard, String sql) {
        List<List<Long>> rows = new ArrayList<>();
        try (WireClient direct =
                WireClient.connect(shards.shard(shard).primary().port(), TestTopologies.DATABASE)) {
            for (ServerMessage message : direct.query(sql)) {
                if (message.type() == 'D') {
                    rows.add(message.columns().stream().map(Long::valueOf).toList());
                }
            }
        }
        return rows;
    }

    /** On all shards together each number is there once, in a block of its shard; and no two blocks have a number in common. */
    private static void assertNoneTwice(int rows) {
        Set<Long> ids = new HashSet<>();
        Map<Long, Long> blocks = new TreeMap<>();
        int count = 0;
        for (int shard = 0; shard < SHARDS; shard++) {
            Map<Long, Long> own = blocks(shard);
            own.forEach((start, size) -> assertThat(blocks.put(start, size)).isNull());
            for (long id : ids(shard)) {
                count++;
                assertThat(ids.add(id)).as("%s is new", id).isTrue();
                assertThat(own.entrySet())
                        .as("blocks of shard %s, for %s", shard, id)
                        .anyMatch(block -> id >= block.getKey() && id < block.getKey() + block.getValue());
            }
        }
        long end = 0;
        for (Map.Entry<Long, Long> block : blocks.entrySet()) {
            assertThat(block.getKey()).isGreaterThanOrEqualTo(end);
            end = block.getKey() + block.getValue();
        }
        assertThat(count).isEqualTo(rows);
    }
}
