// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;

/**
 * A server that lets everybody log in, and answers truly, or truly behind a burst of frames that mean nothing, or with a lie: damaged, random,
 * early, doubled, torn or no replies.
 *
 * <p>Rows with a client's mark are only sent until the first lie on a connection: what comes after one may, by the protocol, be the answer to the
 * next client.
 */
final class LyingNode implements AutoCloseable {
    private static final int SSL_REQUEST = 1234 << 16 | 5679;
    private static final int CANCEL_REQUEST = 1234 << 16 | 5678;
    private static final int BODY_MAX = 1 << 20;
    private static final int BURST_PERCENT = 25;
    private static final int LIE_PERCENT = 3;
    private static final int LIE_PERCENT_TO_PROBES = 30;
    private static final int LIE_PERCENT_AT_LOGIN = 1;

    private final ServerSocket listener;
    private final long seed;
    private final Tally tally;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile boolean lyingToProbes;

    LyingNode(long seed, Tally tally) throws IOException {
        this.seed = seed;
        this.tally = tally;
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** From now on the router's probes, and its readings of the catalogue, get lies too. */
    void lieToProbes() {
        lyingToProbes = true;
    }

    private void accept() {
        for (int number = 0; !listener.isClosed(); number++) {
            try {
                Socket socket = listener.accept();
                RandomGenerator random = new SplittableRandom(seed + number);
                threads.execute(() -> new Conversation(socket, random).run());
            } catch (IOException closed) {
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }

    /** One connection of the router. */
    private final class Conversation {
        private final Socket socket;
        private final RandomGenerator random;
        private final FrameBuffer out = new FrameBuffer();
        private final NodeAnswers answers = new NodeAnswers(out);
        private final NodeLies lies;
        private boolean isProbe;
        /** Frames sent with which the router can have stayed in step; they count once it asks for more. */
        private int unconfirmed;

        Conversation(Socket socket, RandomGenerator random) {
            this.socket = socket;
            this.random = random;
            this.lies = new NodeLies(random, out, answers);
        }

        void run() {
            try (socket) {
                socket.setTcpNoDelay(true);
                DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
                if (login(in)) {
                    boolean goesOn = true;
                    while (goesOn) {
                        goesOn = reply(in);
                        if (!goesOn || in.available() == 0 || random.nextInt(8) == 0) {
                            flush();
                        }
                    }
                }
                if (random.nextBoolean()) {
                    socket.setSoLinger(true, 0);
                }
            } catch (IOException lost) {
                // The router left because of a lie, or all is over: what was not confirmed does not count.
                unconfirmed = 0;
            }
        }

        private boolean login(DataInputStream in) throws IOException {
            byte[] packet = packet(in);
            int code = ByteBuffer.wrap(packet).getInt();
            if (code == CANCEL_REQUEST) {
                return false;
            } else if (code == SSL_REQUEST) {
                socket.getOutputStream().write('N');
                return login(in);
            }
            isProbe = new String(packet, ISO_8859_1).contains(HostileRouter.PROBE_USER);
            out.begin('R').int32(0).end();
            for (String parameter :
                    new String[] {"server_version=18.0", "client_encoding=UTF8", "standard_conforming_strings=on"}) {
                String[] both = parameter.split("=", 2);
                out.begin('S').text(both[0]).text(both[1]).end();
            }
            out.begin('K').int32(random.nextInt()).int32(random.nextInt()).end().readyForQuery('I');
            if ((!isProbe || lyingToProbes) && random.nextInt(100) < LIE_PERCENT_AT_LOGIN) {
                tally.rupture();
                answers.keepMarksBack();
                Mutation.anything(random, out, 0);
            }
            flush();
            return true;
        }

        private byte[] packet(DataInputStream in) throws IOException {
            byte[] body = new byte[checked(in.readInt() - Integer.BYTES)];
            in.readFully(body);
            return body;
        }

        /** Answers one message; false ends the connection. */
        private boolean reply(DataInputStream in) throws IOException {
            int tag = in.read();
            if (tag < 0 || tag == 'X') {
                return false;
            }
            if (out.size() == 0) {
                tally.fromNode(unconfirmed);
                unconfirmed = 0;
            }
            byte[] body = packet(in);
            int dice = random.nextInt(100);
            boolean honest = isProbe && !lyingToProbes;
            if (!honest && dice < (isProbe ? LIE_PERCENT_TO_PROBES : LIE_PERCENT)) {
                tally.rupture();
                answers.keepMarksBack();
                return lies.rupture((char) tag, body);
            }
            if (!honest && dice >= 100 - BURST_PERCENT) {
                unconfirmed += lies.burst((char) tag);
            }
            answers.answer((char) tag, body);
            return true;
        }

        private void flush() throws IOException {
            socket.getOutputStream().write(out.bytes(), 0, out.size());
            out.clear();
        }
    }

    private static int checked(int length) throws IOException {
        if (length < 0 || length > BODY_MAX) {
            throw new EOFException("the router sent a message of " + length + " bytes");
        }
        return length;
    }
}
