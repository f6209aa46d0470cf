// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.Password;
import io.trunkline.auth.RolePasswords;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.backend.AuthenticationPolicy;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.error.RouterError;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.ServerCertificate;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.ProtocolVersion;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logs in to real servers by every method, with and without TLS. */
class BackendLoginIT {
    private static final String MAJORS = "io.trunkline.fixture.PostgresBinaries#testMajors";
    private static final AuthenticationPolicy LENIENT = new AuthenticationPolicy(Method.NONE, Cleartext.ALWAYS);
    private static final AuthenticationPolicy BOUND_ONLY =
            new AuthenticationPolicy(Method.SCRAM_SHA_256_PLUS, Cleartext.NEVER);

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ExecutorService workers = Executors.newFixedThreadPool(2);

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        workers.shutdownNow();
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void A14_A24_logsInByEveryMethod(int major) throws Exception {
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            server.execute(
                    "create role by_trust login",
                    "create role by_password login password 'secret'",
                    "create role by_scram login password 'secret'",
                    "set password_encryption = 'md5'",
                    "create role by_md5 login password 'secret'");

            for (String role : List.of("by_trust", "by_password", "by_md5", "by_scram")) {
                for (ClientTls tls : List.of(ClientTls.DISABLED, verified())) {
                    Outcome outcome = open(server, role, "postgres", "secret", tls, LENIENT, ProtocolVersion.V3_0);

                    assertThat(outcome.failure()).as(role + " " + tls.mode()).isNull();
                    assertThat(outcome.result().parameters())
                            .containsEntry("session_authorization", role)
                            .containsEntry("application_name", "trunkline")
                            .containsKeys("server_version", "integer_datetimes", "TimeZone");
                    assertThat(outcome.result().key().secret()).hasSize(4);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void A02_A05_A25_bindsToTheCertificateAndAcceptsNothingLess(int major) throws Exception {
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            server.execute("create role by_trust login", "create role by_scram login password 'secret'");

            Outcome bound =
                    open(server, "by_scram", "postgres", "secret", verified(), BOUND_ONLY, ProtocolVersion.V3_0);
            Outcome plain = open(
                    server, "by_scram", "postgres", "secret", ClientTls.DISABLED, BOUND_ONLY, ProtocolVersion.V3_0);
            Outcome trusted =
                    open(server, "by_trust", "postgres", "secret", verified(), BOUND_ONLY, ProtocolVersion.V3_0);

            assertThat(bound.failure()).isNull();
            assertThat(plain.failure()).startsWith("28000").contains("at least SCRAM_SHA_256_PLUS");
            assertThat(trusted.failure()).startsWith("28000").contains("at least SCRAM_SHA_256_PLUS");
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void A26_passesOnWhatTheServerSays(int major) throws Exception {
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            server.execute("create role by_scram login password 'secret'");

            Outcome wrong = open(server, "by_scram", "postgres", "wrong", verified(), LENIENT, ProtocolVersion.V3_0);
            Outcome unknown = open(server, "by_scram", "nowhere", "secret", verified(), LENIENT, ProtocolVersion.V3_0);

            assertThat(wrong.failure()).isEqualTo("28P01 password authentication failed for user \"by_scram\"");
            assertThat(unknown.failure()).isEqualTo("3D000 database \"nowhere\" does not exist");
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void S25_S26_asksForLongKeysAndTakesWhatItGets(int major) throws Exception {
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            server.execute("create role by_scram login password 'secret'");

            Outcome outcome = open(server, "by_scram", "postgres", "secret", verified(), LENIENT, ProtocolVersion.V3_2);

            assertThat(outcome.failure()).isNull();
            assertThat(outcome.result().version()).isEqualTo(major >= 18 ? ProtocolVersion.V3_2 : ProtocolVersion.V3_0);
            assertThat(outcome.result().key().secret()).hasSize(major >= 18 ? 32 : 4);
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void A10_preparesEveryKindOfPasswordAsTheServerDoes(int major) throws Exception {
        List<String> passwords = List.of(
                "plain",
                "I\u00adX",
                "\u00aa\u2168",
                "a\u00a0b",
                "a\u0007b",
                "\u0627\u0031",
                "\u0221",
                "\u00e9\u0065\u0301",
                "\ud83d\ude00",
                "a'b\\c");
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            for (String password : passwords) {
                server.execute(
                        "drop role if exists by_scram",
                        "create role by_scram login password '" + password.replace("'", "''") + "'");

                Outcome outcome =
                        open(server, "by_scram", "postgres", password, verified(), LENIENT, ProtocolVersion.V3_0);

                assertThat(outcome.failure()).as(password).isNull();
            }
        }
    }

    @ParameterizedTest
    @MethodSource(MAJORS)
    void S41_cancelsAStatement(int major) throws Exception {
        try (PostgresServer server = PostgresServer.start(withMethods(major))) {
            server.execute("create role by_scram login password 'secret'");
            BackendTarget target = target(server, "by_scram", "postgres");
            BackendChannelOpener opener = opener("secret", "by_scram", verified(), LENIENT, ProtocolVersion.V3_0);
            CompletableFuture<String> answer = new CompletableFuture<>();
            CompletableFuture<Void> delivered = new CompletableFuture<>();
            EventLoop loop = loops.next();

            loop.execute(() -> opener.open(loop, target, new BackendChannelOpener.Listener() {
                @Override
                public void onOpened(Channel channel, BackendLogin.Result login) {
                    channel.pipeline().addLast(new Reader(answer));
                    ByteBuf query = channel.alloc().buffer();
                    FrontendWriter.query(query, "select pg_sleep(60)");
                    channel.writeAndFlush(query);
                    // Not before the statement runs: a cancel for an idle backend does nothing.
                    loop.schedule(
                            () -> opener.cancel(
                                    loop,
                                    target,
                                    channel.remoteAddress(),
                                    login.key(),
                                    end -> delivered.complete(null)),
                            500,
                            TimeUnit.MILLISECONDS);
                }

                @Override
                public void onFailed(RouterError error) {
                    answer.completeExceptionally(
                            new AssertionError(error.response().message()));
                }
            }));

            assertThat(delivered).succeedsWithin(Duration.ofSeconds(20));
            assertThat(answer.get(20, TimeUnit.SECONDS)).contains("C57014");
        }
    }

    /** Collects what the server sends until an error is in it. */
    private static final class Reader extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<String> answer;
        private final StringBuilder text = new StringBuilder();

        Reader(CompletableFuture<String> answer) {
            this.answer = answer;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            text.append(bytes.toString(UTF_8));
            bytes.release();
            if (text.indexOf("canceling statement") >= 0) {
                answer.complete(text.toString());
                context.close();
            }
        }
    }

    private static PostgresOptions withMethods(int major) {
        return PostgresOptions.major(major)
                .tls()
                .hostBasedAuthentication("host all by_trust 127.0.0.1/32 trust")
                .hostBasedAuthentication("host all by_password 127.0.0.1/32 password")
                .hostBasedAuthentication("host all by_md5 127.0.0.1/32 md5")
                .hostBasedAuthentication("host all by_scram 127.0.0.1/32 scram-sha-256");
    }

    private static ClientTls verified() throws TlsConfigurationException {
        Path authority = ServerCertificate.shared().certificate();
        return ClientTls.of(ClientTls.Mode.VERIFY_FULL, authority);
    }

    /** How opening ended: one of the two. */
    private record Outcome(
            BackendLogin.@Nullable Result result, @Nullable String failure) {}

    private Outcome open(
            PostgresServer server,
            String role,
            String database,
            String password,
            ClientTls tls,
            AuthenticationPolicy policy,
            ProtocolVersion version)
            throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        EventLoop loop = loops.next();
        BackendChannelOpener opener = opener(password, role, tls, policy, version);
        loop.execute(() -> opener.open(loop, target(server, role, database), new BackendChannelOpener.Listener() {
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
        return outcome.get(30, TimeUnit.SECONDS);
    }

    private BackendChannelOpener opener(
            String password, String role, ClientTls tls, AuthenticationPolicy policy, ProtocolVersion version) {
        BackendAccess access = new BackendAccess(
                tls,
                new BackendLogin.Environment(policy, new ScramKeyCache(workers, 10), new SecureRandom()),
                RolePasswords.of(List.of(new BackendCredentials(role, Password.of(password)))),
                Map.of("application_name", "trunkline"),
                version,
                BackendAccess.Limits.DEFAULT);
        return new BackendChannelOpener(access, NioSocketChannel::new, workers);
    }

    private static BackendTarget target(PostgresServer server, String role, String database) {
        return new BackendTarget("c", server.name(), server.host(), server.port(), database, role);
    }
}
