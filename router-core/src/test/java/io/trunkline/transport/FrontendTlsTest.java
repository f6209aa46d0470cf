// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.ProtocolVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A listener with TLS, spoken to by blocking sockets of the JDK. */
class FrontendTlsTest {
    private static final Path TLS = Path.of("src/test/resources/tls");
    private static final int STRANGERS_MAX = 3;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final GreetingSessions sessions = new GreetingSessions();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    static Stream<SslProvider> providers() {
        return OpenSsl.isAvailable() ? Stream.of(SslProvider.JDK, SslProvider.OPENSSL) : Stream.of(SslProvider.JDK);
    }

    @ParameterizedTest
    @MethodSource("providers")
    void S01_S09_S14_greetsInsideNegotiatedTls(SslProvider provider) throws Exception {
        int port = listen(provider);

        try (Socket plain = connect(port)) {
            write(plain, FrontendWriter::sslRequest);
            int answer = plain.getInputStream().read();
            SSLSocket tls = encrypt(plain);
            write(tls, startup().andThen(out -> FrontendWriter.query(out, "select 1")));
            byte[] greeting = tls.getInputStream().readNBytes(9);

            assertThat(answer).isEqualTo('S');
            assertThat(new String(greeting, ISO_8859_1)).isEqualTo("R\0\0\0\010\0\0\0\0");
        }
        Awaitility.await().untilAsserted(() -> assertThat(sessions.received).containsExactly("Q 14"));
    }

    @ParameterizedTest
    @MethodSource("providers")
    void S06_greetsInsideDirectTlsWithItsApplicationProtocol(SslProvider provider) throws Exception {
        int port = listen(provider);

        try (Socket plain = connect(port)) {
            SSLSocket tls = encrypt(plain, "postgresql");
            write(tls, startup());
            byte[] greeting = tls.getInputStream().readNBytes(9);

            assertThat(tls.getApplicationProtocol()).isEqualTo("postgresql");
            assertThat(new String(greeting, ISO_8859_1)).isEqualTo("R\0\0\0\010\0\0\0\0");
        }
    }

    @ParameterizedTest
    @MethodSource("providers")
    void S07_closesDirectTlsWithoutApplicationProtocol(SslProvider provider) throws Exception {
        int port = listen(provider);

        try (Socket plain = connect(port)) {
            SSLSocket tls = encrypt(plain);

            assertThat(readAfter(tls, startup())).isLessThan(0);
        }
        assertThat(sessions.started).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void S08_closesDirectTlsWithAnotherApplicationProtocol(SslProvider provider) throws Exception {
        int port = listen(provider);

        try (Socket plain = connect(port)) {
            SSLSocket tls = encrypt(plain, "http/1.1");

            assertThat(readAfter(tls, startup())).isLessThan(0);
        }
        assertThat(sessions.started).isEmpty();
    }

    @Test
    void S10_declinesSslRequestInsideDirectTls() throws Exception {
        int port = listen(TlsFiles.provider());

        try (Socket plain = connect(port)) {
            SSLSocket tls = encrypt(plain, "postgresql");
            write(tls, FrontendWriter::sslRequest);
            int answer = tls.getInputStream().read();
            write(tls, startup());
            byte[] greeting = tls.getInputStream().readNBytes(9);

            assertThat(answer).isEqualTo('N');
            assertThat(new String(greeting, ISO_8859_1)).isEqualTo("R\0\0\0\010\0\0\0\0");
        }
    }

    @Test
    void S02_executesNothingThatCameUnencryptedBehindSslRequest() throws Exception {
        int port = listen(TlsFiles.provider());

        try (Socket plain = connect(port)) {
            write(plain, ((Consumer<ByteBuf>) FrontendWriter::sslRequest).andThen(startup()));
            String answer = new String(plain.getInputStream().readAllBytes(), ISO_8859_1);

            assertThat(answer)
                    .startsWith("E")
                    .contains("C08P01")
                    .contains("received unencrypted data after SSL request");
        }
        assertThat(sessions.started).isEmpty();
    }

    @Test
    void encryptionRequiredRefusesPlainClients() throws Exception {
        int port = listen(TlsFiles.provider());

        try (Socket plain = connect(port)) {
            write(plain, startup());

            assertThat(new String(plain.getInputStream().readAllBytes(), ISO_8859_1))
                    .contains("C28000");
        }
    }

    @Test
    void S16_silentStrangersDoNotKeepOutWhoLogsIn() throws Exception {
        int port = listen(TlsFiles.provider());
        List<Socket> strangers = new ArrayList<>();
        for (int i = 0; i < STRANGERS_MAX; i++) {
            strangers.add(connect(port));
            strangers.get(i).getOutputStream().write(0);
        }

        try (Socket client = connect(port)) {
            SSLSocket tls = encrypt(client, "postgresql");
            write(tls, startup());

            assertThat(tls.getInputStream().read()).isEqualTo('R');
            assertThat(strangers.get(0).getInputStream().read()).isEqualTo(-1);
        }
        for (Socket stranger : strangers) {
            stranger.close();
        }
    }

    private int listen(SslProvider provider) throws TlsConfigurationException {
        ServerTls tls = ServerTls.load(
                new ServerTls.Source(TLS.resolve("server.crt"), TLS.resolve("server.key"), null), provider);
        FrontendSettings settings = new FrontendSettings(Duration.ofSeconds(10), STRANGERS_MAX, Duration.ZERO);
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new FrontendInitializer(new FrontendAccess(
                        EncryptionPolicy.REQUIRED, tls, TestUsers.AUTHORITY, sessions, settings, RouterMetrics.NONE)))
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static SSLSocket encrypt(Socket plain, String... applicationProtocols) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setApplicationProtocols(applicationProtocols);
        tls.setSSLParameters(parameters);
        tls.startHandshake();
        return tls;
    }

    /** Returns what is read first after a write, -1 when the peer closed in whatever way. */
    private static int readAfter(SSLSocket tls, Consumer<ByteBuf> writer) {
        try {
            write(tls, writer);
            return tls.getInputStream().read();
        } catch (IOException closed) {
            return -1;
        }
    }

    private static void write(Socket socket, Consumer<ByteBuf> writer) throws IOException {
        ByteBuf bytes = Unpooled.buffer();
        writer.accept(bytes);
        socket.getOutputStream().write(bytes.array(), 0, bytes.readableBytes());
        socket.getOutputStream().flush();
    }

    private static Consumer<ByteBuf> startup() {
        return out -> FrontendWriter.startup(out, ProtocolVersion.V3_0, List.of(Map.entry("user", "local")));
    }
}
