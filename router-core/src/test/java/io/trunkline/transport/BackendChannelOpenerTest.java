// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.Password;
import io.trunkline.auth.RolePasswords;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.backend.AuthenticationPolicy;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.error.RouterError;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ProtocolVersion;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both ends of the transport over real sockets: the opener logs in to a listener of our own. */
class BackendChannelOpenerTest {
    private static final Path TLS = Path.of("src/test/resources/tls");
    private static final AuthenticationPolicy BOUND_ONLY =
            new AuthenticationPolicy(Method.SCRAM_SHA_256_PLUS, Cleartext.NEVER);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ExecutorService workers = Executors.newFixedThreadPool(2);
    private final GreetingSessions sessions = new GreetingSessions();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        workers.shutdownNow();
    }

    static Stream<Arguments> verifiedModes() {
        return providers()
                .flatMap(provider -> Stream.of(
                        Arguments.of(provider, ClientTls.Mode.PREFER, "127.0.0.1"),
                        Arguments.of(provider, ClientTls.Mode.REQUIRE, "127.0.0.1"),
                        Arguments.of(provider, ClientTls.Mode.VERIFY_CA, "127.0.0.1"),
                        Arguments.of(provider, ClientTls.Mode.VERIFY_FULL, "127.0.0.1"),
                        Arguments.of(provider, ClientTls.Mode.VERIFY_FULL, "localhost")));
    }

    static Stream<SslProvider> providers() {
        return OpenSsl.isAvailable() ? Stream.of(SslProvider.JDK, SslProvider.OPENSSL) : Stream.of(SslProvider.JDK);
    }

    @ParameterizedTest
    @MethodSource("verifiedModes")
    void A02_A05_logsInWithChannelBindingInEachMode(SslProvider provider, ClientTls.Mode mode, String host)
            throws Exception {
        int port = listen(EncryptionPolicy.REQUIRED, serverTls("server", provider));
        ClientTls tls = ClientTls.of(mode, mode.verifies() ? TLS.resolve("ca.crt") : null, provider);

        Outcome outcome = open(tls, BOUND_ONLY, host, port);

        assertThat(outcome.failure()).isNull();
        assertThat(outcome.result().parameters()).containsEntry("server_version", "18.6");
        assertThat(sessions.started).containsExactly("ann shop");
    }

    @ParameterizedTest
    @MethodSource("providers")
    void verifyFullRefusesACertificateForAnotherHost(SslProvider provider) throws Exception {
        int port = listen(EncryptionPolicy.REQUIRED, serverTls("elsewhere", provider));
        Path authorities = TLS.resolve("ca.crt");

        Outcome full =
                open(ClientTls.of(ClientTls.Mode.VERIFY_FULL, authorities, provider), BOUND_ONLY, "127.0.0.1", port);
        Outcome ca = open(ClientTls.of(ClientTls.Mode.VERIFY_CA, authorities, provider), BOUND_ONLY, "127.0.0.1", port);

        assertThat(full.failure())
                .isEqualTo(
                        "08001 could not establish TLS with node \"n1\": the node's certificate is not valid for it");
        assertThat(ca.failure()).isNull();
    }

    @ParameterizedTest
    @MethodSource("providers")
    void verifyCaRefusesACertificateOfAnotherAuthority(SslProvider provider) throws Exception {
        int port = listen(EncryptionPolicy.REQUIRED, serverTls("server", provider));
        ClientTls tls = ClientTls.of(ClientTls.Mode.VERIFY_CA, TLS.resolve("other-ca.crt"), provider);

        Outcome outcome = open(tls, BOUND_ONLY, "127.0.0.1", port);

        assertThat(outcome.failure()).startsWith("08001 could not establish TLS with node \"n1\"");
        assertThat(sessions.started).isEmpty();
    }

    @Test
    void S12_preferSpeaksPlainWithANodeThatDeclines() throws Exception {
        int port = listen(EncryptionPolicy.OFF, null);

        Outcome prefer = open(clientTls(ClientTls.Mode.PREFER), AuthenticationPolicy.DEFAULT, "127.0.0.1", port);
        Outcome require = open(clientTls(ClientTls.Mode.REQUIRE), AuthenticationPolicy.DEFAULT, "127.0.0.1", port);

        assertThat(prefer.failure()).isNull();
        assertThat(require.failure())
                .isEqualTo("08001 could not establish TLS with node \"n1\": the node does not offer it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Eerror", "", "S\u0015\u0003\u0003\u0000\u0002\u0002\u0028"})
    void S12_preferTriesOnceMoreWithoutTls(String answer) throws Exception {
        // The node answers with an error, closes, or fails the handshake with an alert (which S03 takes for an
        // injection when it
        // comes with the S, so it is sent later). On the second connection it gets a plain startup packet.
        CompletableFuture<Integer> second = new CompletableFuture<>();
        try (ServerSocket node = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            workers.execute(() -> {
                try (Socket socket = node.accept()) {
                    socket.getInputStream().readNBytes(8);
                    byte[] bytes = answer.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
                    OutputStream out = socket.getOutputStream();
                    if (answer.startsWith("S")) {
                        out.write(bytes, 0, 1);
                        socket.getInputStream().read(); // the ClientHello has begun
                        out.write(bytes, 1, bytes.length - 1);
                    } else {
                        out.write(bytes);
                    }
                } catch (Exception e) {
                    second.completeExceptionally(e);
                }
                try (Socket socket = node.accept()) {
                    InputStream in = socket.getInputStream();
                    in.readNBytes(4);
                    byte[] code = in.readNBytes(4);
                    second.complete(code[0] << 24 | code[1] << 16 | code[2] << 8 | code[3]);
                } catch (Exception e) {
                    second.completeExceptionally(e);
                }
            });

            Outcome outcome = open(
                    clientTls(ClientTls.Mode.PREFER), AuthenticationPolicy.DEFAULT, "127.0.0.1", node.getLocalPort());

            assertThat(second.get(5, TimeUnit.SECONDS)).isEqualTo(ProtocolVersion.V3_0.code());
            assertThat(outcome.failure()).isEqualTo("08006 node \"n1\" closed the connection during login");
        }
    }

    @Test
    void S03_trustsNothingThatCameUnencryptedBehindTheAnswer() throws Exception {
        try (ServerSocket node = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            workers.execute(() -> {
                try (Socket socket = node.accept()) {
                    socket.getInputStream().readNBytes(8);
                    socket.getOutputStream().write("SR\0\0\0\010\0\0\0\0Z\0\0\0\005I".getBytes(US_ASCII));
                    socket.getInputStream().read();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });

            Outcome outcome = open(
                    clientTls(ClientTls.Mode.PREFER), AuthenticationPolicy.DEFAULT, "127.0.0.1", node.getLocalPort());

            assertThat(outcome.failure())
                    .isEqualTo("08001 could not establish TLS with node \"n1\": "
                            + "received unencrypted data after SSL response");
        }
    }

    @Test
    void A05_bindsToTheCertificateInForceAfterAReload(@TempDir Path files) throws Exception {
        Path certificate = copy("server.crt", files.resolve("node.crt"));
        Path key = copy("server.key", files.resolve("node.key"));
        ServerTls tls = ServerTls.load(new ServerTls.Source(certificate, key, null));
        int port = listen(EncryptionPolicy.REQUIRED, tls);

        Outcome before = open(clientTls(ClientTls.Mode.REQUIRE), BOUND_ONLY, "127.0.0.1", port);
        copy("renewed.crt", certificate);
        copy("renewed.key", key);
        tls.reload();
        Outcome after = open(clientTls(ClientTls.Mode.REQUIRE), BOUND_ONLY, "127.0.0.1", port);

        assertThat(before.failure()).isNull();
        assertThat(after.failure()).isNull();
    }

    @Test
    void A30_keepsTheCertificateInForceWhenAReloadFails(@TempDir Path files) throws Exception {
        Path certificate = copy("server.crt", files.resolve("node.crt"));
        Path key = copy("server.key", files.resolve("node.key"));
        ServerTls tls = ServerTls.load(new ServerTls.Source(certificate, key, null));
        int port = listen(EncryptionPolicy.REQUIRED, tls);

        Files.writeString(key, "no key");
        Exception failure = org.assertj.core.api.Assertions.catchException(tls::reload);
        Outcome after = open(clientTls(ClientTls.Mode.REQUIRE), BOUND_ONLY, "127.0.0.1", port);

        assertThat(failure).isInstanceOf(TlsConfigurationException.class).hasMessageContaining("node.key");
        assertThat(after.failure()).isNull();
    }

    @Test
    void givesUpOnASilentNode() throws Exception {
        try (ServerSocket node = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Outcome outcome = open(ClientTls.DISABLED, AuthenticationPolicy.DEFAULT, "127.0.0.1", node.getLocalPort());

            assertThat(outcome.failure()).isEqualTo("08001 login to node \"n1\" did not complete within 2000 ms");
        }
    }

    @Test
    void saysThatANodeCannotBeReached() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }

        Outcome refused = open(ClientTls.DISABLED, AuthenticationPolicy.DEFAULT, "127.0.0.1", port);
        Outcome unknown = open(ClientTls.DISABLED, AuthenticationPolicy.DEFAULT, "no.such.host.invalid", port);

        assertThat(refused.failure()).isEqualTo("08001 could not connect to node \"n1\"");
        assertThat(unknown.failure()).isEqualTo("08001 could not connect to node \"n1\"");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void S41_deliversACancelRequestAndWaitsForTheNodeToClose(boolean encrypted) throws Exception {
        int port = encrypted
                ? listen(EncryptionPolicy.REQUIRED, serverTls("server", TlsFiles.provider()))
                : listen(EncryptionPolicy.OFF, null);
        BackendKey key = new BackendKey(7, new byte[] {1, 2, 3, 4});
        CompletableFuture<CancelEnd> ended = new CompletableFuture<>();
        EventLoop loop = loops.next();
        ClientTls tls = encrypted ? clientTls(ClientTls.Mode.REQUIRE) : ClientTls.DISABLED;

        loop.execute(() -> opener(tls, AuthenticationPolicy.DEFAULT)
                .cancel(
                        loop,
                        target("127.0.0.1", port),
                        new InetSocketAddress("127.0.0.1", port),
                        key,
                        ended::complete));
        org.awaitility.Awaitility.await().until(() -> !sessions.undelivered.isEmpty());
        boolean early = ended.isDone();
        sessions.undelivered.get(0).run();

        assertThat(ended.get(5, TimeUnit.SECONDS)).isEqualTo(CancelEnd.DELIVERED);

        assertThat(sessions.canceled).containsExactly(key);
        assertThat(early).isFalse();
    }

    @Test
    void cancelEndsInBoundedTime() throws Exception {
        try (ServerSocket node = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            CompletableFuture<CancelEnd> ended = new CompletableFuture<>();
            EventLoop loop = loops.next();
            BackendKey key = new BackendKey(7, new byte[] {1, 2, 3, 4});

            loop.execute(() -> opener(ClientTls.DISABLED, AuthenticationPolicy.DEFAULT)
                    .cancel(
                            loop,
                            target("127.0.0.1", node.getLocalPort()),
                            node.getLocalSocketAddress(),
                            key,
                            ended::complete));

            assertThat(ended).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(CancelEnd.UNCONFIRMED);
        }
    }

    @Test
    void refusesKeysItCannotReadWithTheReason() {
        ServerTls.Source sec1 = new ServerTls.Source(TLS.resolve("server.crt"), TLS.resolve("server-sec1.key"), null);
        ServerTls.Source missing = new ServerTls.Source(TLS.resolve("nothing.crt"), TLS.resolve("server.key"), null);

        Exception unreadable = org.assertj.core.api.Assertions.catchException(() -> ServerTls.load(sec1));
        Exception absent = org.assertj.core.api.Assertions.catchException(() -> ServerTls.load(missing));
        Exception pointless = org.assertj.core.api.Assertions.catchException(
                () -> ClientTls.of(ClientTls.Mode.REQUIRE, TLS.resolve("ca.crt")));

        assertThat(unreadable).isInstanceOf(TlsConfigurationException.class).hasMessageContaining("PKCS#8");
        assertThat(absent).isInstanceOf(TlsConfigurationException.class).hasMessageContaining("nothing.crt");
        assertThat(pointless).isInstanceOf(TlsConfigurationException.class).hasMessageContaining("does not verify");
    }

    /** How opening ended: one of the two. */
    private record Outcome(
            BackendLogin.@Nullable Result result, @Nullable String failure) {}

    private Outcome open(ClientTls tls, AuthenticationPolicy policy, String host, int port) throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        EventLoop loop = loops.next();
        loop.execute(() -> opener(tls, policy).open(loop, target(host, port), new BackendChannelOpener.Listener() {
            @Override
            public void onOpened(Channel channel, BackendLogin.Result login) {
                outcome.complete(new Outcome(login, null));
                channel.close();
            }

            @Override
            public void onFailed(RouterError error) {
                outcome.complete(new Outcome(
                        null,
                        error.response().sqlState() + " " + error.response().message()));
            }
        }));
        return outcome.get(10, TimeUnit.SECONDS);
    }

    private BackendChannelOpener opener(ClientTls tls, AuthenticationPolicy policy) {
        BackendAccess access = new BackendAccess(
                tls,
                new BackendLogin.Environment(policy, new ScramKeyCache(workers, 10), new SecureRandom()),
                RolePasswords.of(List.of(new BackendCredentials("ann", Password.of("secret")))),
                Map.of("application_name", "trunkline"),
                ProtocolVersion.V3_0,
                new BackendAccess.Limits(
                        Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(30)));
        return new BackendChannelOpener(access, NioSocketChannel::new, workers);
    }

    private static BackendTarget target(String host, int port) {
        return new BackendTarget("c", "n1", host, port, "shop", "ann");
    }

    private int listen(EncryptionPolicy encryption, @Nullable ServerTls tls) {
        FrontendSettings settings = new FrontendSettings(Duration.ofSeconds(5), 100, Duration.ofSeconds(30));
        return listen(new FrontendInitializer(
                new FrontendAccess(encryption, tls, TestUsers.AUTHORITY, sessions, settings, RouterMetrics.NONE)));
    }

    private int listen(ChannelHandler initializer) {
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(initializer)
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private static ServerTls serverTls(String name, SslProvider provider) throws TlsConfigurationException {
        return ServerTls.load(
                new ServerTls.Source(TLS.resolve(name + ".crt"), TLS.resolve(name + ".key"), TLS.resolve("ca.crt")),
                provider);
    }

    private static ClientTls clientTls(ClientTls.Mode mode) throws TlsConfigurationException {
        return ClientTls.of(mode, null);
    }

    private static Path copy(String name, Path to) throws Exception {
        return Files.copy(TLS.resolve(name), to, StandardCopyOption.REPLACE_EXISTING);
    }
}
