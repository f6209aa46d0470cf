// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A port whose connections lead to another one, two threads for each; what passes on them its owner decides. Who connects while the other is away is closed. */
final class ForwardingPort implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress target;
    private final Owner owner;
    private final ExecutorService threads;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** Says what becomes of bytes. */
    interface Owner {
        /**
         * A client has connected, and now the way on is to be opened.
         *
         * @return the two directions
         */
        Directions onConnect(Socket client, Socket server) throws IOException;
    }

    /** What passes bytes from the client to the server, and back. */
    record Directions(Direction toServer, Direction toClient) {}

    /** Passes bytes on. */
    interface Direction {
        /** Passes on the first bytes of a buffer; what fails closes the connection. */
        void pass(byte[] bytes, int length) throws IOException;

        /** There are no more; the connection is closed when this returns. */
        default void end() {}
    }

    private ForwardingPort(ServerSocket listener, InetSocketAddress target, Owner owner) {
        this.listener = listener;
        this.target = target;
        this.owner = owner;
        this.threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "forwarding " + listener.getLocalPort());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Listens on an address, port 0 for a free one, and leads to another. */
    static ForwardingPort open(InetSocketAddress address, InetSocketAddress target, Owner owner) {
        try {
            ServerSocket listener = new ServerSocket();
            listener.bind(address);
            ForwardingPort port = new ForwardingPort(listener, target, owner);
            port.threads.execute(port::accept);
            return port;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the number of the port. */
    int number() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket();
                open.add(client);
                open.add(server);
                threads.execute(() -> connect(client, server));
            } catch (IOException closed) {
                // The next round sees that the listener is closed.
                continue;
            }
        }
    }

    private void connect(Socket client, Socket server) {
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            Directions directions = owner.onConnect(client, server);
            server.connect(target);
            threads.execute(() -> pass(client, server, directions.toServer));
            pass(server, client, directions.toClient);
        } catch (IOException away) {
            close(client);
            close(server);
        }
    }

    private void pass(Socket from, Socket to, Direction direction) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                direction.pass(buffer, length);
            }
            direction.end();
        } catch (IOException eitherIsGone) {
            // The other direction ends with it.
        }
        close(from);
        close(to);
    }

    private void close(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes all connections; others may come. */
    void closeConnections() {
        Set.copyOf(open).forEach(this::close);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeConnections();
    }
}
