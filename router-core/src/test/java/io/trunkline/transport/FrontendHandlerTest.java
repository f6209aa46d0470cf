// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.pool.PoolSettings;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client that was authenticated and waits for its greeting. */
class FrontendHandlerTest {
    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LEASE_WAIT_TIMEOUT = Duration.ofSeconds(30);

    private final List<LoginOutcome> outcomes = new ArrayList<>();
    private final RouterMetrics metrics = metrics(outcomes);
    private final TestRouter router = new TestRouter.Plan()
            .pools(PoolSettings.builder()
                    .size(1)
                    .leaseWaitTimeout(LEASE_WAIT_TIMEOUT)
                    .build())
            .start();
    private final EmbeddedChannel client = new EmbeddedChannel();
    private final TestClient holder = router.connect(Map.of());

    @AfterEach
    void close() {
        client.finishAndReleaseAll();
        router.close();
    }

    @Test
    void isToldThatTheLoginTookTooLong() {
        begin();

        client.advanceTimeBy(LOGIN_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        client.runScheduledPendingTasks();

        assertThat(received()).startsWith("E").contains("SFATAL", "C08006", "login did not complete within 10000 ms");
        assertThat(client.isOpen()).isFalse();
        assertThat(outcomes).containsExactly(LoginOutcome.TIMED_OUT);
        freeTheBackend();
        assertThat(received()).isEmpty();
    }

    @Test
    void isCountedWhenThereIsNoBackendForIt() {
        begin();

        router.time().advance(LEASE_WAIT_TIMEOUT);

        assertThat(received()).startsWith("E").contains("SFATAL");
        assertThat(client.isOpen()).isFalse();
        assertThat(outcomes).containsExactly(LoginOutcome.UNAVAILABLE);
    }

    @Test
    void isCountedWhenItLeaves() {
        begin();

        client.close();

        assertThat(outcomes).containsExactly(LoginOutcome.ABANDONED);
    }

    /** The one backend is taken, and the settings are new, so that a backend has to be asked for them. */
    private void begin() {
        holder.send(MessageText.encode(Direction.FROM_FRONTEND, "Query \"select 1\""), Fragmenter.whole(), true);
        router.settle();
        client.freezeTime();
        NettyClientLink link = new NettyClientLink(client);
        FrontendHandler handler = new FrontendHandler(link, metrics, () -> {}, () -> {});
        client.pipeline()
                .addLast(new LoginDeadline(LOGIN_TIMEOUT, new UnauthenticatedChannels(10)))
                .addLast(handler);
        handler.begin(router.starting(link, Map.of("application_name", "new"), handler));
        router.settle();
        assertThat(received()).isEmpty();
    }

    private void freeTheBackend() {
        router.backends()
                .get(0)
                .send(
                        MessageText.encode(Direction.FROM_BACKEND, "CommandComplete \"SELECT 1\"; ReadyForQuery I"),
                        Fragmenter.whole(),
                        true);
        router.settle();
    }

    private String received() {
        return ClosableChannel.received(client);
    }

    private static RouterMetrics metrics(List<LoginOutcome> outcomes) {
        return (RouterMetrics) Proxy.newProxyInstance(
                RouterMetrics.class.getClassLoader(), new Class<?>[] {RouterMetrics.class}, (proxy, method, args) -> {
                    if (method.getName().equals("loginEnded")) {
                        outcomes.add((LoginOutcome) args[0]);
                    }
                    return method.invoke(RouterMetrics.NONE, args);
                });
    }
}
