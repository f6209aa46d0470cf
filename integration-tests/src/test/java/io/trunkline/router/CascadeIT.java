// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PgBouncer;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Poolers in a row, each of which gives prepared statements names of its own. */
class CascadeIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int CLIENTS = 6;
    private static final int ROUNDS = 30;

    private static PostgresCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    @Case("E05")
    void E05_preparedStatementsPassThroughTwoRouters() throws IOException {
        try (RouterUnderTest inner = RouterUnderTest.with(
                                cluster.workspace(),
                                TestTopologies.single(cluster, 1, TestTopologies.DATABASE, "postgres"))
                        .set("users.inline." + PostgresServer.SUPERUSER + ".password", PostgresServer.PASSWORD)
                        .set("defaults.pool_size", "2")
                        .set("limits.statements_per_backend", "5")
                        .set("event_loops", "1")
                        .start();
                RouterUnderTest outer = router(inner.port(), TestTopologies.DATABASE)
                        .set("defaults.pool_size", "3")
                        .set("limits.statements_per_backend", "8")
                        .set("event_loops", "1")
                        .start()) {
            assertThatClientsKeepTheirStatements(outer.port());
            assertThatPgbenchSucceeds(outer.port(), TestTopologies.DATABASE);
        }
    }

    @Test
    @Case("E05")
    void E05_preparedStatementsPassThroughARouterBehindAndInFrontOfPgBouncer() throws IOException {
        Optional<Path> program = PgBouncer.installed();
        assumeTrue(program.isPresent(), "PgBouncer is not installed");
        try (PgBouncer bouncer = PgBouncer.start(
                        program.get(),
                        cluster.workspace(),
                        cluster.primary(),
                        TestTopologies.DATABASE,
                        RouterUnderTest.USER,
                        RouterUnderTest.PASSWORD,
                        2,
                        20);
                RouterUnderTest router = router(bouncer.port(), bouncer.preparedDatabase())
                        .set("defaults.pool_size", "3")
                        // PgBouncer takes no parameter that it does not know.
                        .set("backend.client_connection_check_interval", "0s")
                        .set("probes.user", RouterUnderTest.USER)
                        .set("probes.password", RouterUnderTest.PASSWORD)
                        .set("probes.database", bouncer.preparedDatabase())
                        .start()) {
            assertThatPgbenchSucceeds(router.port(), TestTopologies.DATABASE);
        }
    }

    /** Returns a router whose one node is another pooler. */
    private static RouterUnderTest.Builder router(int nodePort, String nodeDatabase) {
        Node node = new Node("pooler", "127.0.0.1", nodePort, NodeRole.AUTO, Node.WEIGHT_DEFAULT, "");
        Cluster one = new Cluster("main", List.of(new Shard("only", List.of(node))), List.of(), List.of(), List.of());
        return RouterUnderTest.with(
                cluster.workspace(),
                new Topology(1, List.of(one), List.of(new Database(TestTopologies.DATABASE, "main", nodeDatabase))));
    }

    /** All clients give their statements the same names, and there are more texts than either router keeps on a backend. */
    private static void assertThatClientsKeepTheirStatements(int port) {
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                WireClient client = WireClient.connect(port, TestTopologies.DATABASE);
                clients.add(client);
                for (int s = 0; s < 4; s++) {
                    client.send(parse("s" + s, "select " + i + ", " + s + ", pg_backend_pid()"), sync())
                            .receiveUntilReady();
                }
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < CLIENTS; i++) {
                    int s = (round + i) % 4;
                    List<ServerMessage> answer = clients.get(i)
                            .send(bind("", "s" + s), execute("", 0), sync())
                            .receiveUntilReady();

                    assertThat(answer.get(1).columns().subList(0, 2))
                            .as("%s", answer)
                            .containsExactly(Integer.toString(i), Integer.toString(s));
                }
            }
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    private static void assertThatPgbenchSucceeds(int port, String database) throws IOException {
        Path script = Files.writeString(cluster.workspace().resolve("script.sql"), """
                \\set a random(1, 1000)
                select :a + 1;
                begin;
                select :a::text || 'x';
                end;
                """);
        CommandLine.Outcome outcome = new CommandLine(
                        script.getParent(),
                        List.of("pgbench", "-n", "-M", "prepared", "-c", "8", "-t", "50", "-f", script.toString()))
                .connectingTo(port, database)
                .run(LIMIT);
        assumeTrue(outcome.exitCode() >= 0, "pgbench is not installed");
        assertThat(outcome.isSuccess()).as(outcome.end()).isTrue();
        assertThat(outcome.lines()).anyMatch(line -> line.contains("processed: 400/400"));
    }
}
