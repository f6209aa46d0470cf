// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A way to ZooKeeper on which answers can get lost: requests arrive, what comes back does not. */
final class Detour implements AutoCloseable {
    private final int target;
    private final ServerSocket entrance;
    private final List<Socket> sockets = new ArrayList<>();
    private volatile boolean losesAnswers;

    Detour(int target) throws IOException {
        this.target = target;
        this.entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    String connect() {
        return "127.0.0.1:" + entrance.getLocalPort();
    }

    /** From now on no answer arrives. */
    void loseAnswers() {
        losesAnswers = true;
    }

    /** Cuts all connections; those that come after it work again. */
    synchronized void cut() throws IOException {
        losesAnswers = false;
        for (Socket socket : sockets) {
            socket.close();
        }
        sockets.clear();
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        cut();
    }

    private void accept() throws IOException {
        while (!entrance.isClosed()) {
            Socket client = entrance.accept();
            Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
            synchronized (this) {
                sockets.add(client);
                sockets.add(server);
            }
            start(() -> pass(client, server, false));
            start(() -> pass(server, client, true));
        }
    }

    private void pass(Socket from, Socket to, boolean isAnswer) throws IOException {
        byte[] buffer = new byte[8192];
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            if (!isAnswer || !losesAnswers) {
                out.write(buffer, 0, count);
            }
        }
        to.close();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException cut) {
                        // As it is when a connection is cut: both sides see it.
                        assert cut != null;
                    }
                },
                "detour");
        thread.setDaemon(true);
        thread.start();
    }
}
