// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ServerCertificate;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Node;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cancel requests inside TLS: of clients to the router, and of the router to a server that lets nobody in without. */
class CancelTlsIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final byte[] SSL_REQUEST =
            ByteBuffer.allocate(8).putInt(8).putInt(1234 << 16 | 5679).array();
    private static final byte TLS_HANDSHAKE = 0x16;

    private static PostgresCluster cluster;
    private static RecordingProxy way;
    private static RouterUnderTest router;

    @BeforeAll
    static void start() {
        cluster = PostgresCluster.start(PostgresOptions.newest()
                .replicas(0)
                .tls()
                .hostBasedAuthentication("hostssl all " + RouterUnderTest.TRUSTED_USER + " 127.0.0.1/32 trust")
                .hostBasedAuthentication("hostnossl " + TestTopologies.DATABASE + " all 127.0.0.1/32 reject"));
        TestTopologies.prepare(cluster);
        way = RecordingProxy.to(cluster.primary().port());
        ServerCertificate certificate = ServerCertificate.shared();
        router = RouterUnderTest.with(cluster.workspace(), through(way.port()))
                .set("listen.tls.mode", "allow")
                .set("listen.tls.certificate", certificate.certificate().toString())
                .set("listen.tls.key", certificate.key().toString())
                .set("backend.tls.mode", "verify-full")
                .set("backend.tls.ca", certificate.certificate().toString())
                .start();
    }

    /** Returns the topology of the server as it is seen behind another port. */
    private static Topology through(int port) {
        Topology direct = TestTopologies.single(cluster, 1, "app");
        Cluster one = direct.clusters().get(0);
        Node node = one.shards().get(0).nodes().get(0);
        Node moved = new Node(node.name(), "localhost", port, node.role(), node.weight(), node.zone());
        Shard shard = new Shard(one.shards().get(0).name(), List.of(moved));
        return new Topology(
                1,
                List.of(new Cluster(one.name(), List.of(shard), List.of(), List.of(), List.of())),
                direct.databases());
    }

    @AfterAll
    static void stop() {
        router.close();
        way.close();
        cluster.close();
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    @Case("X10")
    void X10_aCancelInsideTlsReachesTheRunningStatement(boolean direct) throws Exception {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(query("select pg_sleep(60)"));
            awaitSleeping();

            int end = cancelInsideTls(client.cancelRequest(), direct);

            assertThat(end).as("the router closes, and says nothing").isEqualTo(-1);
            assertThat(client.receiveUntilReady().toString()).contains("57014");
        }
    }

    private static int cancelInsideTls(byte[] request, boolean direct) throws Exception {
        try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), router.port())) {
            plain.setSoTimeout(20_000);
            if (!direct) {
                plain.getOutputStream().write(SSL_REQUEST);
                assertThat(plain.getInputStream().read()).isEqualTo('S');
            }
            SSLSocket socket = (SSLSocket) trusting().getSocketFactory().createSocket(plain, "localhost", 0, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            if (direct) {
                parameters.setApplicationProtocols(new String[] {"postgresql"});
            }
            socket.setSSLParameters(parameters);
            OutputStream out = socket.getOutputStream();
            out.write(request);
            out.flush();
            return socket.getInputStream().read();
        }
    }

    private static SSLContext trusting() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = Files.newInputStream(ServerCertificate.shared().certificate())) {
            store.setCertificateEntry(
                    "router", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Runs only where Python is: PostgreSQL's binaries bring libpq, but no program that uses it. */
    @ParameterizedTest
    @CsvSource({
        "sslnegotiation=postgres max_protocol_version=3.0, 30000",
        "sslnegotiation=postgres max_protocol_version=latest, 30002",
        "sslnegotiation=direct max_protocol_version=latest, 30002",
    })
    @Case("X10")
    void X10_libpqCancelsInsideTls(String options, String protocol) throws Exception {
        PostgresBinaries binaries = PostgresBinaries.newest();
        Assumptions.assumeTrue(binaries.major() >= 18, "libpq has encrypted cancels since 17, protocol 3.2 since 18");
        Path library =
                binaries.program("postgres").resolveSibling("../lib/libpq.so.5").normalize();
        Path script = Path.of(CancelTlsIT.class.getResource("/libpq_cancel.py").toURI());
        String conninfo = "host=localhost hostaddr=127.0.0.1 port=" + router.port() + " dbname=app user="
                + RouterUnderTest.TRUSTED_USER + " sslmode=verify-full sslrootcert="
                + ServerCertificate.shared().certificate() + " " + options;
        CommandLine python = new CommandLine(
                cluster.workspace().resolve("."), List.of("python3", script.toString(), library.toString(), conninfo));
        double handshakes = router.counted("trunkline_login_stage_seconds_count{stage=\"tls\"}");

        CommandLine.Outcome outcome = python.run(Duration.ofSeconds(60));

        Assumptions.assumeFalse(outcome.exitCode() < 0, "there is no python3");
        assertThat(outcome.lines()).containsExactly("encrypted=1 protocol=" + protocol + " sqlstate=57014");
        assertThat(router.counted("trunkline_login_stage_seconds_count{stage=\"tls\"}") - handshakes)
                .as("TLS handshakes: two logins and the cancel request")
                .isEqualTo(3);
    }

    @Test
    @Case("X11")
    void X11_theRouterCancelsInsideTlsAsItLogsIn() throws IOException {
        try (WireClient client = WireClient.connect(router.port(), "app")) {
            client.send(query("select pg_sleep(60)"));
            awaitSleeping();
            int before = way.beginnings().size();

            client.cancel();

            assertThat(client.receiveUntilReady().toString()).contains("57014");
            // A probe may be about to connect, and have sent nothing yet.
            List<byte[]> beginnings = way.beginnings().stream()
                    .filter(beginning -> beginning.length > SSL_REQUEST.length)
                    .toList();
            assertThat(beginnings).hasSizeGreaterThan(before);
            assertThat(beginnings).allSatisfy(beginning -> {
                assertThat(beginning).startsWith(SSL_REQUEST);
                assertThat(beginning[SSL_REQUEST.length]).isEqualTo(TLS_HANDSHAKE);
            });
        }
    }

    private static void awaitSleeping() {
        await().atMost(LIMIT)
                .until(() -> "1"
                        .equals(cluster.primary()
                                .queryText("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")));
    }
}
