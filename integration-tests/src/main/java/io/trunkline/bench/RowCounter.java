// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trunkline.fixture.FixtureException;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/**
 * A client that counts the rows of its queries and keeps none: libpq and JDBC would take more memory and processor time than what is measured.
 *
 * <p>Needs a user without a password. Not thread-safe.
 */
final class RowCounter implements AutoCloseable {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int PROTOCOL = 3 << 16;
    private static final byte DATA_ROW = 'D';
    private static final byte ERROR_RESPONSE = 'E';
    private static final byte READY_FOR_QUERY = 'Z';

    private final Socket socket;
    private final InputStream in;
    private final DataOutputStream out;
    private final ByteBuffer received = ByteBuffer.allocate(BUFFER_BYTES).flip();

    /**
     * What an answer brought.
     *
     * @param bytes of DataRow messages
     */
    record Count(long rows, long bytes) {
        Count plus(Count other) {
            return new Count(rows + other.rows, bytes + other.bytes);
        }
    }

    /** Logs in at a port of this machine. */
    RowCounter(int port, String user, String database) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = socket.getInputStream();
            out = new DataOutputStream(socket.getOutputStream());
            byte[] parameters = ("user\0" + user + "\0database\0" + database + "\0\0").getBytes(UTF_8);
            ByteBuffer startup = ByteBuffer.allocate(2 * Integer.BYTES + parameters.length);
            out.write(startup.putInt(startup.capacity())
                    .putInt(PROTOCOL)
                    .put(parameters)
                    .array());
            receive();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a simple query. */
    Count count(String sql) {
        byte[] text = sql.getBytes(UTF_8);
        ByteBuffer query = ByteBuffer.allocate(1 + Integer.BYTES + text.length + 1);
        try {
            out.write(
                    query.put((byte) 'Q').putInt(query.capacity() - 1).put(text).array());
            return receive();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Receives everything up to the next ReadyForQuery. */
    private Count receive() throws IOException {
        long rows = 0;
        long bytes = 0;
        while (true) {
            require(1 + Integer.BYTES);
            byte tag = received.get();
            int length = received.getInt();
            if (tag == ERROR_RESPONSE) {
                throw new FixtureException("the server answered: " + text(length - Integer.BYTES));
            }
            skip(length - Integer.BYTES);
            if (tag == DATA_ROW) {
                rows++;
                bytes += 1 + length;
            } else if (tag == READY_FOR_QUERY) {
                return new Count(rows, bytes);
            }
        }
    }

    private String text(int length) throws IOException {
        require(length);
        byte[] fields = new byte[length];
        received.get(fields);
        return new String(fields, UTF_8).replace('\0', ' ');
    }

    private void skip(int length) throws IOException {
        int left = length;
        while (left > received.remaining()) {
            left -= received.remaining();
            received.position(received.limit());
            require(1);
        }
        received.position(received.position() + left);
    }

    private void require(int bytes) throws IOException {
        if (received.remaining() >= bytes) {
            return;
        }
        received.compact();
        while (received.position() < bytes) {
            int count = in.read(received.array(), received.position(), received.remaining());
            if (count < 0) {
                throw new EOFException("the connection was closed");
            }
            received.position(received.position() + count);
        }
        received.flip();
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
