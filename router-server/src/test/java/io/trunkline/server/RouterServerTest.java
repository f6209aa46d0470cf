// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.testing.LogGate;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Start and stop of a whole router whose only node does not exist. */
class RouterServerTest {
    @RegisterExtension
    final LogGate log = new LogGate();

    @TempDir
    Path directory;

    private RouterServer server;
    private int deadPort;

    @BeforeEach
    void findADeadPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            deadPort = socket.getLocalPort();
        }
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private RouterServer start(String yaml) throws Exception {
        Path file = Files.writeString(directory.resolve("t.yaml"), """
                admin: {port: 0}
                event_loops: 2
                topology: {file_interval: 100ms}
                timeouts: {drain: 0s}
                users: {inline: {app: {trust: true}}}
                """ + yaml);
        server = RouterServer.start(StartupParts.read(file, new ConfigLoader()));
        return server;
    }

    private void writeTopology(long revision) throws IOException {
        Path unfinished = Files.writeString(directory.resolve("topology.new"), """
                {"revision": %d,
                 "clusters": [{"name": "main", "shards": [{"name": "s0", "nodes": [
                   {"name": "n0", "host": "127.0.0.1", "port": %d, "role": "primary"}]}]}],
                 "databases": [{"name": "shop", "cluster": "main"}]}
                """.formatted(revision, deadPort));
        Files.move(unfinished, directory.resolve("topology.json"), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    private HttpResponse<String> get(String page) throws Exception {
        InetSocketAddress admin = server.adminAddress();
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin.getPort() + page))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void isReadyOnceItHasATopologyAndHasProbedItsNodes() throws Exception {
        log.expect("topology.json does not exist");
        start("listen: {port: 0}\n");

        HttpResponse<String> early = get("/ready");
        writeTopology(7);

        assertThat(early.statusCode()).isEqualTo(503);
        assertThat(early.body()).contains("not accepting clients yet").contains("no topology: ");
        await().untilAsserted(() -> assertThat(get("/ready").statusCode()).isEqualTo(200));
        assertThat(get("/live").body()).isEqualTo("alive\n");
        await().untilAsserted(() -> assertThat(get("/topology").body())
                .contains("\"revision\" : 7")
                .contains("\"name\" : \"n0\"")
                .contains("\"state\" : \"unusable\""));
        await().untilAsserted(() -> assertThat(get("/metrics").body())
                .contains("trunkline_topology_revision 7.0")
                .contains("trunkline_node_state{cluster=\"main\",node=\"n0\",shard=\"s0\",state=\"unusable\"} 1.0"));
    }

    @Test
    void letsClientsWaitUntilItHasATopology() throws Exception {
        log.expect("topology.json does not exist");
        start("listen: {port: 0}\n");
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> login("nowhere"));

        writeTopology(1);

        assertThat(answer.get(10, TimeUnit.SECONDS)).contains("3D000");
    }

    @Test
    void keepsTheTopologyInForceWhenTheDocumentBreaks() throws Exception {
        log.expect("topology not taken into use: .*topology.json");
        writeTopology(3);
        start("listen: {port: 0}\n");

        Files.writeString(directory.resolve("topology.json"), "{");

        await().untilAsserted(
                        () -> assertThat(get("/metrics").body()).contains("trunkline_topology_rejections_total 1.0"));
        assertThat(get("/topology").body()).contains("\"revision\" : 3").contains("\"trouble\" : ");
        assertThat(get("/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void tellsAClientOfAnUnknownDatabaseThatThereIsNone() throws Exception {
        writeTopology(1);
        start("listen: {port: 0}\n");
        await().untilAsserted(() -> assertThat(get("/ready").statusCode()).isEqualTo(200));

        String answer = login("nowhere");

        assertThat(answer).contains("3D000").contains("database \"nowhere\" does not exist");
    }

    @Test
    void saysWhichAddressIsTakenAndLeavesNothingRunning() throws Exception {
        writeTopology(1);
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start("listen: {port: " + taken.getLocalPort() + "}\n"))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("cannot listen on")
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }

        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("router-") || name.equals("topology")));
    }

    @Test
    void refusesConnectionsOnceItHasStopped() throws Exception {
        writeTopology(1);
        start("listen: {port: 0}\n");
        InetSocketAddress address = server.address();

        server.close();

        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
                .isInstanceOf(ConnectException.class);
        assertThat(log.lines()).anyMatch(line -> line.startsWith("INFO stopped"));
    }

    /** Returns everything the router says to a startup packet, as text. */
    private String login(String database) {
        byte[] body = ("user\0app\0database\0" + database + "\0\0").getBytes(StandardCharsets.UTF_8);
        try (Socket socket =
                new Socket(server.address().getAddress(), server.address().getPort())) {
            socket.setSoTimeout(10_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(body.length + 8);
            out.writeInt(3 << 16);
            out.write(body);
            out.flush();
            return new String(new DataInputStream(socket.getInputStream()).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
