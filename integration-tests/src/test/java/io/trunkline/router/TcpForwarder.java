// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A port that leads to another one, until it falls silent: then it takes nothing from either side and passes nothing on, and closes nothing.
 *
 * <p>Whoever is connected notices nothing at first, for the kernel acknowledges what it has room for; whoever connects meanwhile is let in by the
 * kernel too, and never answered. Also runs as a process of its own, by {@link #main}.
 */
final class TcpForwarder implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress target;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "forwarder");
        thread.setDaemon(true);
        return thread;
    });
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private boolean silent;

    private TcpForwarder(ServerSocket listener, InetSocketAddress target) {
        this.listener = listener;
        this.target = target;
    }

    /** Listens on an address, port 0 for a free one, and leads to another. */
    static TcpForwarder start(InetSocketAddress address, InetSocketAddress target) {
        try {
            ServerSocket listener = new ServerSocket();
            listener.bind(address);
            TcpForwarder forwarder = new TcpForwarder(listener, target);
            forwarder.threads.execute(forwarder::accept);
            return forwarder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        return listener.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket in = listener.accept();
                awaitVoice();
                Socket out = new Socket();
                open.add(in);
                open.add(out);
                out.connect(target);
                threads.execute(() -> pass(in, out));
                threads.execute(() -> pass(out, in));
            }
        } catch (IOException closed) {
            closeAll();
        }
    }

    private void pass(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (from;
                to) {
            from.setTcpNoDelay(true);
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                awaitVoice();
                out.write(buffer, 0, length);
            }
            awaitVoice();
        } catch (IOException eitherIsGone) {
            // The other direction ends with it.
        }
        open.remove(from);
        open.remove(to);
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
        closeAll();
        silent = false;
        notifyAll();
    }

    private void closeAll() {
        for (Socket socket : open) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        comeBack();
    }
}
