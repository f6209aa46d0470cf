// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A port that passes bytes on to another one, and keeps how each connection began. */
final class RecordingProxy implements AutoCloseable {
    private static final int KEPT_BYTES = 64;

    private final ServerSocket listener;
    private final int target;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<ByteArrayOutputStream> beginnings = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    private RecordingProxy(ServerSocket listener, int target) {
        this.listener = listener;
        this.target = target;
    }

    /** Starts to pass on to a port of this machine. */
    static RecordingProxy to(int port) {
        try {
            RecordingProxy proxy = new RecordingProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), port);
            proxy.threads.execute(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Returns the first bytes of each connection, as those who connected sent them. */
    List<byte[]> beginnings() {
        return beginnings.stream().map(ByteArrayOutputStream::toByteArray).toList();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.addAll(List.of(client, server));
                ByteArrayOutputStream beginning = new ByteArrayOutputStream();
                beginnings.add(beginning);
                threads.execute(() -> pass(client, server, beginning));
                threads.execute(() -> pass(server, client, new ByteArrayOutputStream()));
            } catch (IOException closed) {
                // The next round sees that the listener is closed.
                continue;
            }
        }
    }

    private static void pass(Socket from, Socket to, ByteArrayOutputStream beginning) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                beginning.write(buffer, 0, Math.max(0, Math.min(read, KEPT_BYTES - beginning.size())));
                out.write(buffer, 0, read);
            }
        } catch (IOException endOfOne) {
            // Both ends are closed with this.
            return;
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
