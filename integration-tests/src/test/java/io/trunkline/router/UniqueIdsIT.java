// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code trunkline.next_id()} on two shards: installed by the command, given through the router, never twice. */
class UniqueIdsIT {
    private static ShardedCluster shards;
    private static RouterUnderTest router;
    private static CommandLine.Outcome first;

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                2, TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
        for (PostgresCluster shard : shards.shards()) {
            TestTopologies.prepare(shard);
        }
        first = install(topology(1));
        for (PostgresCluster shard : shards.shards()) {
            shard.primary()
                    .executeIn(
                            TestTopologies.DATABASE,
                            "create table orders (customer int8, id int8 primary key default trunkline.next_id())",
                            "grant all on all tables in schema public to public");
        }
        router = RouterUnderTest.with(shards.workspace(), topology(1)).start();
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            await().until(() -> "0".equals(client.ask("select count(*) from orders")));
        }
    }

    @AfterAll
    static void stop() {
        router.close();
        shards.close();
    }

    private static Topology topology(long revision) {
        return TestTopologies.sharded(
                shards,
                revision,
                List.of(new Distribution("customer", KeyType.INT8, HashSlots.evenly(HashSlots.SLOTS_DEFAULT, 2))),
                List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "orders", "customer", "customer")),
                List.of(),
                "app");
    }

    private static CommandLine.Outcome install(Topology topology) throws IOException {
        Path folder = Files.createDirectories(shards.workspace().resolve("ids"));
        Files.write(folder.resolve("topology.json"), TopologyJson.write(topology));
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("topology.source", "file");
        configuration.set("topology.file", "topology.json");
        Path file = Files.writeString(folder.resolve("trunkline.yaml"), configuration.text());
        return new CommandLine(
                        folder,
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Dlogback.configurationFile=quiet-logback.xml",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "io.trunkline.server.TrunklineCommand",
                                "ids",
                                "install",
                                "--config",
                                file.toString()))
                .run(Duration.ofMinutes(2));
    }

    @Test
    void installsOnceAndLeavesNumbersAsTheyAre() throws IOException {
        CommandLine.Outcome again = install(topology(1));

        assertThat(first.lines()).contains("sharded/s0 app: number 0", "sharded/s1 app: number 1");
        assertThat(first.exitCode()).isZero();
        assertThat(again.lines()).contains("sharded/s0 app: number 0", "sharded/s1 app: number 1");
    }

    @Test
    void takesNoNumberFromOneOfTwoNodesThatBothTakeWrites() throws IOException {
        Topology topology = topology(1);
        Cluster cluster = topology.clusters().get(0);
        List<Node> both = Stream.concat(
                        cluster.shards().get(0).nodes().stream(), cluster.shards().get(1).nodes().stream())
                .map(node -> new Node(node.name(), node.host(), node.port(), NodeRole.AUTO, node.weight(), node.zone()))
                .toList();
        Cluster split = new Cluster(
                cluster.name(), List.of(new Shard("s0", both)), List.of(), List.of(), cluster.referenceTables());

        CommandLine.Outcome refused = install(new Topology(2, List.of(split), topology.databases()));

        assertThat(refused.lines()).anyMatch(line -> line.contains("both take writes (expected: one of them)"));
        assertThat(refused.exitCode()).isNotZero();
    }

    @Test
    @Case("H49")
    void routesWhereAnyShardWillDo() {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            String id = client.ask("select trunkline.next_id()");
            assertThat(Long.parseLong(String.valueOf(id))).isPositive();
            assertThat(client.ask("insert into orders (customer) values (1) returning id"))
                    .hasSizeGreaterThan(15);
            assertThat(client.query("insert into orders (id) values (1)").toString())
                    .contains("TL0110")
                    .contains("SELECT trunkline.next_id()");
        }
    }

    /** Clients of the router on both shards, in transactions that are rolled back too, while the counter is far ahead of the clock on one of them. */
    @Test
    @Case("H49")
    void givesNoIdTwice() throws Exception {
        // As if the clock had been a day ahead when the last id was given, and was then set right.
        shards.shard(0)
                .primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "select setval('trunkline.id_counter', last_value + (86400000::bigint << 12)) from trunkline.id_counter");
        Set<Long> given = ConcurrentHashMap.newKeySet();
        List<Callable<Integer>> work = new ArrayList<>();
        for (int client = 0; client < 8; client++) {
            int number = client;
            work.add(() -> take(given, number));
        }
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        int count = 0;
        try {
            for (Future<Integer> done : threads.invokeAll(work)) {
                count += done.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(given).hasSize(count);
        assertThat(count).isGreaterThan(8 * 20 * 200);
    }

    private static int take(Set<Long> given, int number) {
        int count = 0;
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            for (int i = 0; i < 20; i++) {
                String shard = "/* trunkline: shard=s" + (number + i) % 2 + " */ ";
                if (i % 4 == 3) {
                    client.query("begin");
                }
                long last = 0;
                for (ServerMessage row :
                        client.query(shard + "select trunkline.next_id() from generate_series(1, 201)")) {
                    if (row.type() == 'D') {
                        long id = Long.parseLong(String.valueOf(row.columns().get(0)));
                        assertThat(id).isGreaterThan(last);
                        last = id;
                        given.add(id);
                        count++;
                    }
                }
                if (i % 4 == 3) {
                    client.query("rollback");
                }
            }
        }
        return count;
    }
}
