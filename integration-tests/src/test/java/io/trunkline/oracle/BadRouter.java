// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.router.ServerMessage;
import io.trunkline.router.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** A port behind which a good router works, but for what a {@link Mutant} does to the answers. */
final class BadRouter implements AutoCloseable {
    private final ServerSocket listener;
    private final int goodPort;
    private final OracleDatabase database;
    private final Supplier<Mutant> mutants;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private BadRouter(ServerSocket listener, int goodPort, OracleDatabase database, Supplier<Mutant> mutants) {
        this.listener = listener;
        this.goodPort = goodPort;
        this.database = database;
        this.mutants = mutants;
    }

    /** Starts one before a good one, for clients of one database. */
    static BadRouter start(int goodPort, OracleDatabase database, Supplier<Mutant> mutants) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        BadRouter router = new BadRouter(listener, goodPort, database, mutants);
        router.threads.execute(router::accept);
        return router;
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                threads.execute(() -> serve(client));
            } catch (IOException closed) {
                // The loop sees it.
                continue;
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket good = new Socket(InetAddress.getLoopbackAddress(), goodPort);
                Exchange exchange = new Exchange(client, good)) {
            exchange.logIn();
            Mutant mutant = mutants.get();
            while (true) {
                List<Frame> request = exchange.request();
                if (request.isEmpty()) {
                    return;
                }
                exchange.answer(mutant.answer(request, exchange));
            }
        } catch (IOException | UncheckedIOException endOfOne) {
            // Both ends are closed with this, and the oracle sees it.
            return;
        }
    }

    /** One connection of a client. */
    private final class Exchange implements Mutant.Router, AutoCloseable {
        private final DataInputStream fromClient;
        private final OutputStream toClient;
        private final DataInputStream fromGood;
        private final OutputStream toGood;
        private final List<WireClient> shards = new ArrayList<>();

        Exchange(Socket client, Socket good) throws IOException {
            fromClient = new DataInputStream(client.getInputStream());
            toClient = client.getOutputStream();
            fromGood = new DataInputStream(good.getInputStream());
            toGood = good.getOutputStream();
        }

        /** The first packet has no type. */
        void logIn() throws IOException {
            int length = fromClient.readInt();
            byte[] rest = fromClient.readNBytes(length - Integer.BYTES);
            toGood.write(java.nio.ByteBuffer.allocate(length)
                    .putInt(length)
                    .put(rest)
                    .array());
            answer(untilReady(false));
        }

        /** Returns the next frames up to a Query or Sync; none when the client goes. */
        List<Frame> request() throws IOException {
            List<Frame> request = new ArrayList<>();
            while (true) {
                Frame frame = Frame.read(fromClient);
                if (frame.isEnd() || frame.type() == 'X') {
                    return List.of();
                }
                request.add(frame);
                if (frame.type() == 'Q' || frame.type() == 'S') {
                    return request;
                }
            }
        }

        void answer(List<Frame> frames) throws IOException {
            write(toClient, frames);
        }

        @Override
        public List<Frame> ask(List<Frame> request) {
            try {
                write(toGood, request);
                return untilReady(request.get(request.size() - 1).type() == 'S');
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private List<Frame> untilReady(boolean hasSync) throws IOException {
            List<Frame> frames = new ArrayList<>();
            while (true) {
                Frame frame = Frame.read(fromGood);
                if (frame.isEnd()) {
                    throw new IOException("the good router has closed");
                }
                frames.add(frame);
                if (frame.type() == 'G') {
                    // No mutant has to do with data from the client.
                    answer(frames);
                    frames.clear();
                    passData(hasSync);
                }
                if (frame.type() == 'Z') {
                    return frames;
                }
            }
        }

        /** A Sync that came before the data was passed over, and there is another one behind them. */
        private void passData(boolean hasSync) throws IOException {
            char last = hasSync ? 'S' : 'c';
            Frame frame;
            do {
                frame = Frame.read(fromClient);
                if (frame.isEnd()) {
                    throw new IOException("the client has closed within a copy");
                }
                write(toGood, List.of(frame));
            } while (frame.type() != last && (hasSync || frame.type() != 'f'));
        }

        private void write(OutputStream out, List<Frame> frames) throws IOException {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            frames.forEach(frame -> all.writeBytes(frame.bytes()));
            out.write(all.toByteArray());
        }

        @Override
        public List<Frame> askShard(int shard, String sql) {
            while (shards.size() < shardCount()) {
                shards.add(
                        WireClient.connect(database.shards().get(shards.size()).port(), database.name()));
            }
            List<Frame> frames = new ArrayList<>();
            for (ServerMessage message : shards.get(shard).query(sql)) {
                frames.add(new Frame(message.type(), message.body()));
            }
            return frames;
        }

        @Override
        public int shardCount() {
            return database.shards().size();
        }

        @Override
        public void close() {
            shards.forEach(WireClient::close);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }
}
