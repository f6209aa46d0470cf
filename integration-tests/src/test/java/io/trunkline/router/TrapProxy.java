// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A port that leads to a server, and stops the one connection on which a command passes that a {@link Trap} waits for.
 *
 * <p>Commands are looked for in what one read returns: they are short, and whoever sends one waits for its answer. The port stays while the server is
 * away; who connects then is closed.
 */
final class TrapProxy implements AutoCloseable {
    /** Where a connection is when its trap has caught it. */
    enum Moment {
        /** The command is held, and the server has not seen it. */
        BEFORE_COMMAND,
        /** The server has answered, and the answer is held. */
        BEFORE_ANSWER,
        /** The answer has been passed on; nothing is held. */
        AFTER_ANSWER
    }

    /** Catches one connection, once. */
    static final class Trap {
        private final byte[] words;
        private final Moment moment;
        private final CountDownLatch caught = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile boolean dropped;

        private Trap(String words, Moment moment) {
            this.words = words.getBytes(US_ASCII);
            this.moment = moment;
        }

        /** Waits until the connection is where it was to be. */
        void awaitCaught(Duration limit) throws InterruptedException {
            if (!caught.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("nothing like " + new String(words, US_ASCII) + " came by, " + moment);
            }
        }

        /** Passes on what is held. */
        void release() {
            ended.countDown();
        }

        /** Loses what is held, and closes the connection on both sides. */
        void drop() {
            dropped = true;
            ended.countDown();
        }

        private boolean isIn(byte[] bytes, int length) {
            for (int at = 0; at + words.length <= length; at++) {
                if (Arrays.equals(bytes, at, at + words.length, words, 0, words.length)) {
                    return true;
                }
            }
            return false;
        }

        private void hold() throws IOException {
            caught.countDown();
            try {
                ended.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("the proxy is closed", e);
            }
            if (dropped) {
                throw new IOException("what was held is dropped");
            }
        }
    }

    private final ForwardingPort port;
    private final AtomicReference<@Nullable Trap> armed = new AtomicReference<>();

    private TrapProxy(int target) {
        InetAddress here = InetAddress.getLoopbackAddress();
        port = ForwardingPort.open(
                new InetSocketAddress(here, 0), new InetSocketAddress(here, target), this::directions);
    }

    /** Starts to pass on to a port of this machine. */
    static TrapProxy to(int port) {
        return new TrapProxy(port);
    }

    int port() {
        return port.number();
    }

    /** Waits for the next command that contains these words, from whomever; in place of a trap that has caught nothing. */
    Trap set(String words, Moment moment) {
        Trap trap = new Trap(words, moment);
        armed.set(trap);
        return trap;
    }

    private ForwardingPort.Directions directions(Socket client, Socket server) {
        AtomicReference<@Nullable Trap> waiting = new AtomicReference<>();
        return new ForwardingPort.Directions(
                (bytes, length) -> passCommand(waiting, server, bytes, length),
                (bytes, length) -> passAnswer(waiting.getAndSet(null), client, bytes, length));
    }

    private void passCommand(AtomicReference<@Nullable Trap> waiting, Socket server, byte[] bytes, int length)
            throws IOException {
        Trap trap = armed.get();
        if (trap != null && trap.isIn(bytes, length) && armed.compareAndSet(trap, null)) {
            if (trap.moment == Moment.BEFORE_COMMAND) {
                trap.hold();
            } else {
                waiting.set(trap);
            }
        }
        server.getOutputStream().write(bytes, 0, length);
    }

    private static void passAnswer(@Nullable Trap trap, Socket client, byte[] bytes, int length) throws IOException {
        OutputStream out = client.getOutputStream();
        if (trap != null && trap.moment == Moment.BEFORE_ANSWER) {
            trap.hold();
        }
        out.write(bytes, 0, length);
        if (trap != null) {
            trap.caught.countDown();
        }
    }

    @Override
    public void close() {
        port.close();
    }
}
