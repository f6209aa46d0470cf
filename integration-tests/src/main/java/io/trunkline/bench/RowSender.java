// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trunkline.fixture.FixtureException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A client that copies a file as it is, in messages of 64 KiB: so it takes as little processor time as a client can.
 *
 * <p>Needs a user without a password. Not thread-safe.
 */
final class RowSender implements AutoCloseable {
    private static final int MESSAGE_BYTES = 64 * 1024;
    private static final int PROTOCOL = 3 << 16;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    /** Logs in at a port of this machine. */
    RowSender(int port, String user, String database) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
            byte[] parameters = ("user\0" + user + "\0database\0" + database + "\0\0").getBytes(UTF_8);
            ByteBuffer startup = ByteBuffer.allocate(2 * Integer.BYTES + parameters.length);
            out.write(startup.putInt(startup.capacity())
                    .putInt(PROTOCOL)
                    .put(parameters)
                    .array());
            receiveUntil('Z');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Copies a file; returns the tag of the answer. */
    String copy(String sql, Path data) {
        byte[] text = sql.getBytes(UTF_8);
        ByteBuffer query = ByteBuffer.allocate(1 + Integer.BYTES + text.length + 1);
        try {
            out.write(
                    query.put((byte) 'Q').putInt(query.capacity() - 1).put(text).array());
            receiveUntil('G');
            try (InputStream file = Files.newInputStream(data)) {
                byte[] message = new byte[1 + Integer.BYTES + MESSAGE_BYTES];
                int count = file.readNBytes(message, 1 + Integer.BYTES, MESSAGE_BYTES);
                while (count > 0) {
                    ByteBuffer.wrap(message).put((byte) 'd').putInt(Integer.BYTES + count);
                    out.write(message, 0, 1 + Integer.BYTES + count);
                    count = file.readNBytes(message, 1 + Integer.BYTES, MESSAGE_BYTES);
                }
            }
            out.write(new byte[] {'c', 0, 0, 0, Integer.BYTES});
            String tag = receiveUntil('C');
            receiveUntil('Z');
            return tag;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Receives everything up to a message of a type, whose text is returned. */
    private String receiveUntil(char type) throws IOException {
        while (true) {
            int tag = in.read();
            byte[] body = new byte[in.readInt() - Integer.BYTES];
            in.readFully(body);
            String text = new String(body, UTF_8).replace('\0', ' ').strip();
            if (tag == 'E') {
                throw new FixtureException("the server answered: " + text);
            }
            if (tag == type) {
                return text;
            }
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
