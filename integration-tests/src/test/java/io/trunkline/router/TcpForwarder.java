// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port that leads to another one, until it falls silent: then it takes nothing from either side and passes nothing on, and closes nothing.
 *
 * <p>Whoever is connected notices nothing at first, for the kernel acknowledges what it has room for; whoever connects meanwhile is let in by the
 * kernel too, and never answered. Also runs as a process of its own, by {@link #main}.
 */
final class TcpForwarder implements AutoCloseable {
    private final ForwardingPort port;
    private boolean silent;

    private TcpForwarder(InetSocketAddress address, InetSocketAddress target) {
        port = ForwardingPort.open(address, target, this::directions);
    }

    /** Listens on an address, port 0 for a free one, and leads to another. */
    static TcpForwarder start(InetSocketAddress address, InetSocketAddress target) {
        return new TcpForwarder(address, target);
    }

    /** Forwards until the process is killed: the address and port to listen on, and those to lead to. Says on stdout which port it took. */
    public static void main(String[] arguments) throws InterruptedException {
        TcpForwarder forwarder = start(
                new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1])),
                new InetSocketAddress(arguments[2], Integer.parseInt(arguments[3])));
        System.out.println(forwarder.port());
        Thread.currentThread().join();
    }

    int port() {
        return port.number();
    }

    private ForwardingPort.Directions directions(Socket client, Socket server) {
        awaitVoice();
        return new ForwardingPort.Directions(new Spoken(server), new Spoken(client));
    }

    private final class Spoken implements ForwardingPort.Direction {
        private final Socket to;

        Spoken(Socket to) {
            this.to = to;
        }

        @Override
        public void pass(byte[] bytes, int length) throws IOException {
            awaitVoice();
            to.getOutputStream().write(bytes, 0, length);
        }

        @Override
        public void end() {
            awaitVoice();
        }
    }

    private synchronized void awaitVoice() {
        try {
            while (silent) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says nothing more, to nobody. */
    synchronized void fallSilent() {
        silent = true;
    }

    /** Comes back as a machine that was started again: it knows nothing of the connections it had. */
    synchronized void comeBack() {
        port.closeConnections();
        silent = false;
        notifyAll();
    }

    @Override
    public void close() {
        port.close();
        comeBack();
    }
}
