// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that sends no more gets what it is owed, as far as it reads. */
class InputShutdownHandlerTest {
    private final TestRouter router = new TestRouter.Plan().start();
    private final ClosableChannel client = new ClosableChannel();

    @BeforeEach
    void greet() {
        client.freezeTime();
        NettyClientLink link = new NettyClientLink(client);
        FrontendHandler handler = new FrontendHandler(link, RouterMetrics.NONE, () -> {}, () -> {});
        client.pipeline().addLast(new InputShutdownHandler()).addLast(handler);
        handler.begin(router.starting(link, Map.of(), handler));
        router.settle();
        assertThat(received()).endsWith("Z\0\0\0\005I");
    }

    @AfterEach
    void close() {
        client.setStalled(false);
        client.finishAndReleaseAll();
        router.close();
    }

    @Test
    void thenItsConnectionIsClosedOnceAllIsWritten() {
        client.setStalled(true);
        ask();
        answer();
        client.endInput();
        boolean openBefore = client.isOpen();

        client.setStalled(false);
        client.runPendingTasks();

        assertThat(openBefore).isTrue();
        assertThat(received()).contains("SELECT 1").endsWith("Z\0\0\0\005I");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void soDoesOneThatEndsItsInputAfterItWasClosed() {
        client.setStalled(true);
        ask();
        answer();
        send("Terminate");
        client.endInput();
        boolean openBefore = client.isOpen();

        client.setStalled(false);
        client.runPendingTasks();

        assertThat(openBefore).isTrue();
        assertThat(received()).contains("SELECT 1").endsWith("Z\0\0\0\005I");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void oneThatDoesNotReadIsNotWaitedForLong() {
        client.setStalled(true);
        ask();
        answer();
        client.endInput();

        client.advanceTimeBy(NettyClientLink.LINGER_MILLIS - 1, TimeUnit.MILLISECONDS);
        client.runScheduledPendingTasks();
        boolean openBefore = client.isOpen();
        client.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        client.runScheduledPendingTasks();

        assertThat(openBefore).isTrue();
        assertThat(client.isOpen()).isFalse();
    }

    private void ask() {
        send("Query \"select 1\"");
    }

    private void send(String message) {
        client.writeInbound(Unpooled.wrappedBuffer(MessageText.encode(Direction.FROM_FRONTEND, message)));
        router.settle();
    }

    private void answer() {
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
}
