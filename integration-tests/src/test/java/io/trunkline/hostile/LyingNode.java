// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server that lets everybody log in, answers probes as a primary, and everyone else truly for a while, then with damaged, random, doubled,
 * torn or no replies.
 *
 * <p>Rows with a client's mark are only sent until the first lie on a connection: what comes after one may, by the protocol, be the answer to the
 * next client.
 */
final class LyingNode implements AutoCloseable {
    private static final String TAGS = "RSKZTDCENAtn123sIGHWVdcv";
    private static final int SSL_REQUEST = 1234 << 16 | 5679;
    private static final int CANCEL_REQUEST = 1234 << 16 | 5678;
    private static final int BODY_MAX = 1 << 20;
    private static final Pattern MARK = Pattern.compile("canary[0-9a-f]{16}");

    private final ServerSocket listener;
    private final long seed;
    private final Tally tally;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    LyingNode(long seed, Tally tally) throws IOException {
        this.seed = seed;
        this.tally = tally;
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    int port() {
        return listener.getLocalPort();
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
        private boolean honest;
        private boolean lied;
        private char status = 'I';

        Conversation(Socket socket, RandomGenerator random) {
            this.socket = socket;
            this.random = random;
        }

        void run() {
            try (socket) {
                socket.setTcpNoDelay(true);
                DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
                if (login(in)) {
                    boolean goesOn = true;
                    while (goesOn) {
                        goesOn = answer(in);
                        if (!goesOn || in.available() == 0 || random.nextInt(8) == 0) {
                            flush();
                        }
                    }
                }
                if (random.nextBoolean()) {
                    socket.setSoLinger(true, 0);
                }
            } catch (IOException lost) {
                tally.fromNode(0);
            }
        }

        private boolean login(DataInputStream in) throws IOException {
            byte[] packet = packet(in);
            int code = new java.math.BigInteger(packet)
                    .shiftRight(8 * (packet.length - Integer.BYTES))
                    .intValue();
            if (code == CANCEL_REQUEST) {
                return false;
            } else if (code == SSL_REQUEST) {
                socket.getOutputStream().write('N');
                return login(in);
            }
            honest = new String(packet, ISO_8859_1).contains(HostileRouter.PROBE_USER);
            out.begin('R').int32(0).end();
            for (String parameter :
                    new String[] {"server_version=18.0", "client_encoding=UTF8", "standard_conforming_strings=on"}) {
                String[] both = parameter.split("=", 2);
                out.begin('S').text(both[0]).text(both[1]).end();
            }
            out.begin('K').int32(random.nextInt()).int32(random.nextInt()).end().readyForQuery('I');
            flush();
            return true;
        }

        private byte[] packet(DataInputStream in) throws IOException {
            byte[] body = new byte[checked(in.readInt() - Integer.BYTES)];
            in.readFully(body);
            return body;
        }

        /** Answers one message; false ends the connection. */
        private boolean answer(DataInputStream in) throws IOException {
            int tag = in.read();
            if (tag < 0 || tag == 'X') {
                return false;
            }
            byte[] body = packet(in);
            if (honest || random.nextInt(25) != 0) {
                reply((char) tag, body);
                return true;
            }
            lied = true;
            tally.fromNode(1);
            return lie((char) tag, body);
        }

        private boolean lie(char tag, byte[] body) throws IOException {
            int start = out.size();
            switch (random.nextInt(10)) {
                case 0, 1 -> {
                    reply(tag, body);
                    Mutation.body(random, out, start);
                }
                case 2 -> {
                    reply(tag, body);
                    Mutation.anything(random, out, start);
                }
                case 3, 4 -> randomFrames();
                case 5 -> Mutation.noise(random, out);
                case 6 -> {
                    reply(tag, body);
                    reply(tag, body);
                }
                case 7 -> {
                    reply(tag, body);
                    out.truncate(random.nextInt(out.size() + 1));
                    return false;
                }
                case 8 -> {
                    return false;
                }
                default -> {
                    // silence
                }
            }
            return true;
        }

        private void randomFrames() {
            int count = 1 + random.nextInt(200);
            for (int i = 0; i < count; i++) {
                Mutation.randomBody(random, out, TAGS);
            }
            tally.fromNode(count);
        }

        private void reply(char tag, byte[] body) {
            switch (tag) {
                case 'Q' -> query(new String(body, UTF_8));
                case 'P' -> out.empty('1');
                case 'B' -> out.empty('2');
                case 'D' -> {
                    if (body.length > 0 && body[0] == 'S') {
                        out.begin('t').int16(0).end();
                    }
                    out.empty('n');
                }
                case 'E' -> out.begin('C').text("SELECT 0").end();
                case 'C' -> out.empty('3');
                case 'F' -> out.begin('V').int32(-1).end().readyForQuery(status);
                case 'S' -> out.readyForQuery(status);
                default -> {
                    // Flush, and what belongs to a copy
                }
            }
        }

        private void query(String sql) {
            String text = sql.toLowerCase(Locale.ROOT);
            if (text.contains("pg_control_system")) {
                probe();
                return;
            }
            if (text.startsWith("begin")) {
                status = 'T';
            } else if (text.startsWith("rollback\0") || text.contains("commit")) {
                status = 'I';
            }
            Matcher mark = MARK.matcher(sql);
            int end = sql.indexOf("end-");
            if (end >= 0) {
                out.row(sql.substring(end, sql.lastIndexOf('\'')));
            } else if (!lied && mark.find()) {
                out.row(mark.group());
            }
            out.begin('C').text("SELECT 1").end().readyForQuery(status);
            tally.fromNode(0);
        }

        private void probe() {
            out.begin('T').int16(6);
            for (int i = 0; i < 6; i++) {
                out.text("c").int32(0).int16(0).int32(25).int16(-1).int32(-1).int16(0);
            }
            out.end().begin('D').int16(6);
            for (String value :
                    new String[] {"f", "7000000000000000001", "000000010000000000000001", "1", "0/1000000", "f"}) {
                out.int32(value.length()).raw(value.getBytes(UTF_8));
            }
            out.end().begin('C').text("SELECT 1").end().readyForQuery('I');
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
