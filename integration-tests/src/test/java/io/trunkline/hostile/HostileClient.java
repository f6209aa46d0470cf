// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A thread that connects to the router again and again and misbehaves in one way after the other.
 *
 * <p>Where its frames keep their lengths it ends a batch with messages that lead out of any state and a query for a mark of its own: the answer
 * shows that the router read all of them and is still in step. Batches that may hang together in no way end with the connection.
 */
final class HostileClient implements Runnable {
    private static final int ANSWER_LIMIT_MILLIS = 20_000;
    private static final int ASK_AGAIN_MILLIS = 100;
    private static final int LIED_TO_LIMIT_MILLIS = 100;
    private static final int BATCH_FRAMES = 400;
    private static final int BATCH_BYTES = 60_000;
    private static final int BATCHES_MAX = 40;
    private static final int LIED_TO_BATCHES_MAX = 12;

    /** So many of the frames shall come from nodes: while fewer did, everyone asks for lies. */
    private static final double NODE_SHARE_WANTED = 0.5;

    /** Below this even those leave who have a true server. */
    private static final double NODE_SHARE_LEAST = 0.46;

    private static final byte[] SETTINGS_REFUSED = "its settings cannot be set".getBytes(StandardCharsets.US_ASCII);

    /** Bytes of the last read that are kept, so that a mark torn by a read is found. */
    private static final int OVERLAP = 64;

    private final int port;
    private final RandomGenerator random;
    private final Tally tally;
    private final FrameBuffer out = new FrameBuffer();
    private final byte[] in = new byte[64 * 1024];
    /** What this client hears now comes from a node that may say anything. */
    private boolean isLiedTo;

    /** The last byte read: the status, once the router has said all that it has to say. */
    private byte lastByte;

    HostileClient(int port, long seed, Tally tally) {
        this.port = port;
        this.random = new SplittableRandom(seed);
        this.tally = tally;
    }

    @Override
    public void run() {
        while (!tally.isDone() && !Thread.currentThread().isInterrupted()) {
            Canary canary = tally.nextCanary();
            int kind = random.nextInt(20);
            try (Socket socket = new Socket()) {
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), ANSWER_LIMIT_MILLIS);
                if (kind < 3) {
                    beforeLogin(socket);
                } else if (kind < 8 || tally.nodeShare() < NODE_SHARE_WANTED) {
                    liedTo(socket, canary, random.nextInt(10) == 0 ? HostileRouter.FICKLE : HostileRouter.LYING);
                } else {
                    afterLogin(socket, canary, kind < 13);
                }
                if (random.nextInt(3) == 0) {
                    socket.setSoLinger(true, 0);
                }
            } catch (SocketTimeoutException silence) {
                tally.fail(
                        "kind " + kind + ": no answer within " + ANSWER_LIMIT_MILLIS + " ms, " + canary + ", last read "
                                + printable(in, OVERLAP) + ", last sent " + printable(out.bytes(), out.size()));
            } catch (IOException resetByTheRouter) {
                tally.cut(0);
            }
        }
    }

    private void beforeLogin(Socket socket) throws IOException {
        out.clear();
        if (random.nextInt(4) == 0) {
            Mutation.noise(random, out);
        } else {
            out.startup(HostileRouter.USER, HostileRouter.REAL);
            Mutation.anything(random, out, 0);
        }
        out.truncate(random.nextInt(1, 300));
        send(socket);
        tally.cut(1);
    }

    /** Valid requests, answered by the lying node with anything or nothing. */
    private void liedTo(Socket socket, Canary canary, String database) throws IOException {
        isLiedTo = true;
        socket.setSoTimeout(LIED_TO_LIMIT_MILLIS);
        try {
            if (!login(socket, database)) {
                return;
            }
            for (int batch = random.nextInt(LIED_TO_BATCHES_MAX); batch >= 0 && !tally.isDone(); batch--) {
                ClientScript script = new ClientScript(random, out.clear(), canary, random.nextInt(3) == 0 ? 20 : 0);
                for (int i = random.nextInt(12); i >= 0; i--) {
                    script.conversation();
                }
                String end = end();
                send(socket);
                if (!receives(socket.getInputStream(), end, canary)) {
                    tally.cut(script.frames());
                    return;
                }
                tally.answered(script.frames());
            }
        } catch (SocketTimeoutException silenceOfTheNode) {
            tally.cut(1);
        }
    }

    private void afterLogin(Socket socket, Canary canary, boolean torn) throws IOException {
        isLiedTo = false;
        socket.setSoTimeout(ANSWER_LIMIT_MILLIS);
        if (!login(socket, HostileRouter.REAL)) {
            tally.fail("login refused");
            return;
        }
        socket.setSoTimeout(ASK_AGAIN_MILLIS);
        int batches = torn ? 0 : random.nextInt(BATCHES_MAX);
        for (int batch = 0; batch <= batches && !tally.isDone(); batch++) {
            if (batch > 0 && tally.nodeShare() < NODE_SHARE_LEAST) {
                return;
            }
            ClientScript script = new ClientScript(random, out.clear(), canary, 1 + random.nextInt(60));
            while (script.frames() < BATCH_FRAMES && out.size() < BATCH_BYTES) {
                script.conversation();
            }
            if (torn) {
                tear(socket, script.frames());
            } else if (answersAfter(socket, canary)) {
                tally.answered(script.frames());
            } else {
                tally.cut(script.frames());
                return;
            }
        }
    }

    private void tear(Socket socket, int frames) throws IOException {
        if (random.nextBoolean()) {
            Mutation.anything(random, out, random.nextInt(out.size()));
        }
        if (random.nextInt(4) == 0) {
            Mutation.noise(random, out);
        } else {
            out.truncate(random.nextInt(1, out.size()));
        }
        send(socket);
        tally.cut(frames);
        if (random.nextBoolean()) {
            socket.shutdownOutput();
        }
    }

    /** Sends the batch and a query that must be answered; false when the router ended the connection. */
    private boolean answersAfter(Socket socket, Canary canary) throws IOException {
        String end = end();
        send(socket);
        for (int patience = ANSWER_LIMIT_MILLIS / ASK_AGAIN_MILLIS; patience > 0; patience--) {
            try {
                return receives(socket.getInputStream(), end, canary);
            } catch (SocketTimeoutException silence) {
                // The server ends a connection that lost its place: then what was sent ahead has got errors. Ask again.
                FrameBuffer again = new FrameBuffer();
                if (lastByte != 'I') {
                    again.empty('S').query("rollback");
                }
                send(socket, again.query("select '" + end + "'"));
            }
        }
        throw new SocketTimeoutException("asked again in vain");
    }

    /** Appends what leads out of any state, and a query for a text that it returns. */
    private String end() {
        String end = "end-" + Long.toHexString(random.nextLong());
        out.begin('f').text("end of batch").end().empty('S').query("rollback").query("select '" + end + "'");
        return end;
    }

    private boolean receives(InputStream stream, String end, Canary canary) throws IOException {
        byte[] wanted = end.getBytes(StandardCharsets.US_ASCII);
        int kept = 0;
        while (true) {
            int count = stream.read(in, kept, in.length - kept);
            if (count < 0) {
                return false;
            }
            int length = kept + count;
            lastByte = in[length - 1];
            if (Canary.isOfAnother(in, length, canary)) {
                tally.fail("rows of another client: " + new String(in, 0, length, StandardCharsets.ISO_8859_1));
            }
            if (holds(in, length, SETTINGS_REFUSED) && !isLiedTo) {
                // A SET that failed was taken for done: replies and requests are out of step.
                tally.fail("the session kept a setting that no server takes, " + canary + ", last sent "
                        + printable(out.bytes(), out.size()));
            }
            if (holds(in, length, wanted)) {
                return true;
            }
            kept = Math.min(OVERLAP, length);
            System.arraycopy(in, length - kept, in, 0, kept);
        }
    }

    private static boolean holds(byte[] bytes, int length, byte[] wanted) {
        for (int i = 0; i + wanted.length <= length; i++) {
            if (java.util.Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return true;
            }
        }
        return false;
    }

    private boolean login(Socket socket, String database) throws IOException {
        out.clear().startup(HostileRouter.USER, database);
        send(socket);
        // ReadyForQuery is the only message of a login that ends so.
        return receives(socket.getInputStream(), "Z\0\0\0\5I", new Canary(0));
    }

    /** Returns the end of the bytes; what does not print is a dot. */
    private static String printable(byte[] bytes, int length) {
        int start = Math.max(0, length - 300);
        return new String(bytes, start, length - start, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
    }

    private void send(Socket socket) throws IOException {
        send(socket, out);
    }

    private static void send(Socket socket, FrameBuffer frames) throws IOException {
        socket.getOutputStream().write(frames.bytes(), 0, frames.size());
    }
}
