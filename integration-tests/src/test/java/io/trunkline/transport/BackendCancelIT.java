// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.Password;
import io.trunkline.auth.RolePasswords;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.backend.AuthenticationPolicy;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.error.RouterError;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.Case;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolVersion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Cancel requests of the router's own to a real server whose name has several addresses. */
class BackendCancelIT {
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ExecutorService workers = Executors.newFixedThreadPool(2);

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        workers.shutdownNow();
    }

    @Test
    @Case("X11")
    void X11_theCancelGoesToTheAddressOfTheBackendWhateverTheNameStandsForByNow() throws Exception {
        try (PostgresServer server = PostgresServer.start(PostgresOptions.newest());
                // Another host of that name, which would take the request and do nothing.
                ServerSocket other = new ServerSocket(server.port(), 10, InetAddress.getByName("127.0.0.2"))) {
            Alternating names = new Alternating(List.of("127.0.0.1", "127.0.0.2"));
            EventLoop loop = loops.next();
            NettyBackendConnector connector =
                    new NettyBackendConnector(opener(names), loop, BackendLimits.DEFAULT, RouterMetrics.NONE);
            BackendTarget target =
                    new BackendTarget("c", "n1", "two.addresses", server.port(), "postgres", PostgresServer.SUPERUSER);
            BackendConnection backend = connect(connector, loop, target);
            CompletableFuture<String> answer = new CompletableFuture<>();
            loop.execute(() -> backend.query("select pg_sleep(60)", 1, answering(answer)));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> "1"
                            .equals(server.queryText(
                                    "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")));
            CompletableFuture<CancelEnd> delivered = new CompletableFuture<>();

            loop.execute(() -> connector.cancel(backend, delivered::complete));

            assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("57014");
            assertThat(delivered).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(CancelEnd.DELIVERED);
            assertThat(names.count()).as("lookups").isEqualTo(1);
            assertThat(other.isBound()).isTrue();
        }
    }

    private static BackendConnection connect(BackendConnector connector, EventLoop loop, BackendTarget target)
            throws Exception {
        CompletableFuture<BackendConnection> connected = new CompletableFuture<>();
        loop.execute(() -> connector.connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection backend) {
                connected.complete(backend);
            }

            @Override
            public void onFailed(RouterError error) {
                connected.completeExceptionally(
                        new AssertionError(error.response().message()));
            }
        }));
        return connected.get(30, TimeUnit.SECONDS);
    }

    private static BackendConnection.QueryListener answering(CompletableFuture<String> answer) {
        return new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                answer.complete("rows");
            }

            @Override
            public void onError(ErrorResponse error) {
                answer.complete(error.sqlState());
            }
        };
    }

    private BackendChannelOpener opener(AddressResolverGroup<?> names) {
        AuthenticationPolicy policy = new AuthenticationPolicy(Method.SCRAM_SHA_256, Cleartext.NEVER);
        BackendAccess access = new BackendAccess(
                ClientTls.DISABLED,
                new BackendLogin.Environment(policy, new ScramKeyCache(workers, 10), new SecureRandom()),
                RolePasswords.of(List.of(
                        new BackendCredentials(PostgresServer.SUPERUSER, Password.of(PostgresServer.PASSWORD)))),
                Map.of(),
                ProtocolVersion.V3_0,
                BackendAccess.Limits.DEFAULT);
        return new BackendChannelOpener(access, NioSocketChannel::new, names);
    }

    /** Gives every name one address after the other, as a name server does that spreads load. */
    private static final class Alternating extends AddressResolverGroup<InetSocketAddress> {
        private final List<String> addresses;
        private final AtomicInteger lookups = new AtomicInteger();

        Alternating(List<String> addresses) {
            this.addresses = addresses;
        }

        int count() {
            return lookups.get();
        }

        @Override
        protected AddressResolver<InetSocketAddress> newResolver(EventExecutor loop) {
            return new InetNameResolver(loop) {
                @Override
                protected void doResolve(String name, Promise<InetAddress> promise) throws UnknownHostException {
                    int number = lookups.getAndIncrement();
                    promise.setSuccess(InetAddress.getByName(addresses.get(number % addresses.size())));
                }

                @Override
                protected void doResolveAll(String name, Promise<List<InetAddress>> promise) {
                    promise.setFailure(new UnsupportedOperationException());
                }
            }.asAddressResolver();
        }
    }
}
