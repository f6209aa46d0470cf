// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ServerCertificate;
import io.trunkline.testing.Case;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said last is heard. A client that is closed is told why, even if it was in the middle of sending: bytes that nobody has read must not destroy the error. */
class LastWordIT {
    private static final int SSL_REQUEST = 1234 << 16 | 5679;
    private static final int LIMIT_BYTES = 64 * 1024;
    private static final int TIMEOUT_MILLIS = 30_000;
    private static final int ATTEMPTS = 20;

    private static PostgresCluster cluster;
    private static SmallRouter router;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
        cluster.primary()
                .executeIn(TestTopologies.DATABASE, "create table words (word text)", "grant all on words to public");
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("limits.message", LIMIT_BYTES / 1024 + "KiB");
        configuration.set("listen.tls.mode", "allow");
        configuration.set(
                "listen.tls.certificate",
                ServerCertificate.shared().certificate().toString());
        configuration.set("listen.tls.key", ServerCertificate.shared().key().toString());
        // In a process of its own: a certificate that was read is kept as long as that lives, which counts as a leak
        // here.
        router = SmallRouter.start(cluster, configuration);
    }

    @AfterAll
    static void stop() {
        router.close();
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Case("D20")
    void D20_aClientThatSendsMoreThanItMayIsTold(boolean tls) throws Exception {
        for (int i = 0; i < ATTEMPTS; i++) {
            try (Socket client = connect(tls)) {
                client.getOutputStream().write(WireClient.startupPacket("app"));
                awaitReady(client.getInputStream());

                assertIsTold(client, header('Q', 64 << 20), "54000");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Case("D20")
    void D20_soIsOneThatIsTurnedAwayAtLogin(boolean tls) throws Exception {
        for (int i = 0; i < ATTEMPTS; i++) {
            try (Socket client = connect(tls)) {
                assertIsTold(client, WireClient.startupPacket("nowhere"), "3D000");
            }
            try (Socket client = connect(tls)) {
                // No proof that this user has to give.
                byte[] startup = WireClient.startupPacket("app");
                byte[] other = new String(startup, ISO_8859_1)
                        .replace(RouterUnderTest.TRUSTED_USER, "none")
                        .getBytes(ISO_8859_1);
                client.getOutputStream().write(other);

                assertIsTold(client, header('Q', 64 << 20), "08P01");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientThatLeavesBehindAStatementHasItRun(boolean tls) throws Exception {
        String word = tls ? "inside TLS" : "in the clear";
        try (Socket client = connect(tls)) {
            client.getOutputStream().write(WireClient.startupPacket("app"));
            awaitReady(client.getInputStream());

            OutputStream out = client.getOutputStream();
            out.write(ClientMessage.query("with late as materialized (select pg_sleep(0.3)) insert into words select '"
                    + word + "' from late"));
            out.write(ClientMessage.terminate());
        }

        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(count(word)).isEqualTo("1"));
    }

    private static String count(String word) throws Exception {
        try (Socket client = connect(false)) {
            client.getOutputStream().write(WireClient.startupPacket("app"));
            awaitReady(client.getInputStream());
            client.getOutputStream()
                    .write(ClientMessage.query("select count(*) from words where word = '" + word + "'"));
            InputStream in = client.getInputStream();
            for (int type = in.read(); ; type = in.read()) {
                byte[] body = in.readNBytes(ByteBuffer.wrap(in.readNBytes(4)).getInt() - 4);
                if (type == 'D') {
                    return new String(body, 6, body.length - 6, ISO_8859_1);
                }
            }
        }
    }

    /** Sends the beginning and goes on sending, while another thread waits for the error, and then for the end of the connection. */
    private static void assertIsTold(Socket client, byte[] beginning, String sqlState) throws Exception {
        Thread sending = new Thread(() -> {
            try {
                OutputStream out = client.getOutputStream();
                out.write(beginning);
                byte[] more = new byte[LIMIT_BYTES];
                while (true) {
                    out.write(more);
                }
            } catch (IOException closed) {
                // In the end it is, for a client that does not stop.
            }
        });
        sending.start();
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        InputStream in = client.getInputStream();
        while (!told.toString(ISO_8859_1).contains("C" + sqlState)) {
            int length = in.read(buffer);
            assertThat(length).as("%s is followed by the end", told).isPositive();
            told.writeBytes(Arrays.copyOf(buffer, length));
        }
        client.close();
        sending.join();
    }

    private static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    private static void awaitReady(InputStream in) throws IOException {
        for (int type = in.read(); type != 'Z'; type = in.read()) {
            in.readNBytes(ByteBuffer.wrap(in.readNBytes(4)).getInt() - 4);
        }
        in.readNBytes(5);
    }

    private static Socket connect(boolean tls) throws Exception {
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), router.port());
        plain.setSoTimeout(TIMEOUT_MILLIS);
        if (!tls) {
            return plain;
        }
        plain.getOutputStream()
                .write(ByteBuffer.allocate(8).putInt(8).putInt(SSL_REQUEST).array());
        assertThat(plain.getInputStream().read()).isEqualTo('S');
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream certificate =
                Files.newInputStream(ServerCertificate.shared().certificate())) {
            trusted.setCertificateEntry(
                    "router", CertificateFactory.getInstance("X.509").generateCertificate(certificate));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory().createSocket(plain, "localhost", router.port(), true);
    }
}
