// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.topology.Topologies;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.zookeeper.RouterInfo;
import io.trunkline.topology.zookeeper.RouterRegistration;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(60)
class TopologyCommandTest {
    @TempDir
    private Path directory;

    private TestingServer server;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void validatesADocument() throws IOException {
        String file = write(Topologies.sharded(4));

        Result result = run("validate", "--file", file);

        assertThat(result).isEqualTo(new Result(0, file + " is valid: revision 4, 1 clusters, 1 databases\n", ""));
    }

    @Test
    void reportsEveryProblemOfADocument() throws IOException {
        Path file = directory.resolve("broken.json");
        Files.writeString(file, "{\"revision\": 0, \"clusters\": [], \"cluster\": 1}");

        Result result = run("validate", "--file", file.toString());

        assertThat(result).isEqualTo(new Result(3, "", """
                        revision: 0 (expected: 1 to 9223372036854775807)
                        cluster: unknown field (expected: one of clusters, databases, revision)
                        """));
    }

    @Test
    void saysWhenAFileDoesNotExist() {
        Result result = run("validate", "--file", "/nowhere/topology.json");

        assertThat(result).isEqualTo(new Result(5, "", "/nowhere/topology.json does not exist\n"));
    }

    @Test
    void publishesShowsAndRollsBack() throws IOException {
        Result first = onZooKeeper("publish", "--file", write(Topologies.sharded(1)), "--expected-revision", "0");
        Result second = onZooKeeper("publish", "--file", write(Topologies.plain(2)), "--expected-revision", "1");
        Result rollback = onZooKeeper("rollback", "--to", "1", "--expected-revision", "2");
        Result shown = onZooKeeper("show", "--json");
        Result old = onZooKeeper("show", "--revision", "2");
        Result history = onZooKeeper("history");

        assertThat(first).isEqualTo(new Result(0, "revision 1 is published at /trunkline/cli\n", ""));
        assertThat(second.exitCode()).isZero();
        assertThat(rollback)
                .isEqualTo(new Result(0, "revision 1 is published again as revision 3 at /trunkline/cli\n", ""));
        assertThat(shown.out()).isEqualTo(new String(TopologyJson.write(Topologies.sharded(3))) + "\n");
        assertThat(old.out()).isEqualTo(new String(TopologyJson.write(Topologies.plain(2))) + "\n");
        assertThat(history.out().lines())
                .hasSize(3)
                .allMatch(line -> line.matches("revision \\d  \\d{4}-\\d\\d-\\d\\dT\\S+Z  \\d+ bytes"));
    }

    @Test
    void refusesToPublishOverAnotherRevision() throws IOException {
        onZooKeeper("publish", "--file", write(Topologies.plain(1)));

        Result conflict = onZooKeeper("publish", "--file", write(Topologies.plain(3)), "--expected-revision", "2");
        Result stale = onZooKeeper("publish", "--file", write(Topologies.plain(1)));
        Result unknown = onZooKeeper("rollback", "--to", "9");

        assertThat(conflict).isEqualTo(new Result(4, "", "revision 1 is published (expected: 2)\n"));
        assertThat(stale).isEqualTo(new Result(4, "", "revision: 1 (expected: more than 1, which is published)\n"));
        assertThat(unknown).isEqualTo(new Result(5, "", "revision 9 is not in the history (expected: one of [1])\n"));
    }

    @Test
    void showsWhichRoutersHaveAppliedTheRevision() throws IOException {
        onZooKeeper("publish", "--file", write(Topologies.sharded(7)));
        ZooKeeperSettings settings = ZooKeeperSettings.of(server.getConnectString(), "/trunkline/cli");
        try (ZooKeeperConnection connection = ZooKeeperConnection.open(settings)) {
            register(connection, "r1").acknowledge(7);
            register(connection, "r2").acknowledge(6);
            register(connection, "r3");

            await().untilAsserted(() -> assertThat(onZooKeeper("show")).isEqualTo(new Result(0, """
                            revision 7
                            cluster orders: 2 shards, 2 nodes, 3 sharded tables, 1 reference tables
                            database app: app_prod on cluster orders
                            routers: 1 of 3 have applied revision 7
                            router r1: revision 7, h:6432, version 0.1, up since 2026-01-01T00:00:00Z
                            router r2: revision 6, h:6432, version 0.1, up since 2026-01-01T00:00:00Z
                            router r3: no revision, h:6432, version 0.1, up since 2026-01-01T00:00:00Z
                            """, "")));
        }
    }

    @Test
    void comparesDocumentsWithEachOtherAndWithThePublishedOne() throws IOException {
        String before = write(Topologies.plain(1, 1));
        String after = write(Topologies.plain(2, 5));
        Result nothing = onZooKeeper("diff", "--file", after);
        onZooKeeper("publish", "--file", before);

        Result files = run("diff", "--file", after, "--against", before);
        Result published = onZooKeeper("diff", "--file", after);
        Result same = run("diff", "--file", after, "--against", after);

        String expected = """
                revision 1 -> 2, 1 changes
                ~ cluster shop, shard main, node b: 10.0.0.2:5432 role replica weight 1 zone z2 -> 10.0.0.2:5432 role replica weight 5 zone z2
                """;
        assertThat(nothing).isEqualTo(new Result(5, "", "nothing is published at /trunkline/cli\n"));
        assertThat(files).isEqualTo(new Result(1, expected, ""));
        assertThat(published).isEqualTo(files);
        assertThat(same).isEqualTo(new Result(0, "revision 2 -> 2, no changes\n", ""));
    }

    @Test
    void saysWhenZooKeeperDoesNotAnswer() throws IOException {
        server.stop();

        Result result = onZooKeeper("show", "--timeout", "1");

        assertThat(result)
                .isEqualTo(new Result(
                        6, "", "ZooKeeper at " + server.getConnectString() + " does not answer within 1000 ms\n"));
    }

    @Test
    void explainsOptionsItDoesNotUnderstand() {
        Result path = run("show", "--zookeeper", "h:1", "--path", "trunkline");
        Result timeout = run("show", "--zookeeper", "h:1", "--path", "/t", "--timeout", "0");
        Result missing = run("show", "--path", "/t");

        assertThat(path.exitCode()).isEqualTo(2);
        assertThat(path.err()).startsWith("ZooKeeper path \"trunkline\" (expected: an absolute path");
        assertThat(timeout).isEqualTo(new Result(2, "", "--timeout is 0 (expected: 1 or more)\n"));
        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.err()).contains("--zookeeper");
    }

    private record Result(int exitCode, String out, String err) {}

    private Result onZooKeeper(String command, String... arguments) {
        List<String> all =
                new ArrayList<>(List.of(command, "--zookeeper", server.getConnectString(), "--path", "/trunkline/cli"));
        all.addAll(List.of(arguments));
        return run(all.toArray(new String[0]));
    }

    private static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commands =
                TopologyCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int exitCode = commands.execute(arguments);
        return new Result(exitCode, out.toString(), err.toString());
    }

    private static RouterRegistration register(ZooKeeperConnection connection, String id) {
        return RouterRegistration.start(
                connection, new RouterInfo(id, "h:6432", "0.1", Instant.parse("2026-01-01T00:00:00Z")));
    }

    private String write(Topology topology) throws IOException {
        Path file = Files.createTempFile(directory, "topology", ".json");
        Files.write(file, TopologyJson.write(topology));
        return file.toString();
    }
}
