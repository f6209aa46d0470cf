// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A client on a plain socket that sends the frames it is told to, whether or not they make sense, and returns what comes back.
 *
 * <p>Logs in as a user that needs no password. Not thread-safe, but for {@link #cancel} and {@link #cancelAt}.
 */
public final class WireClient implements AutoCloseable {
    /** Takes the body of a message that is too long to be kept. */
    interface BodyReader {
        /** Reads exactly {@code length} bytes. */
        void read(InputStream in, int length) throws IOException;
    }

    private static final int TIMEOUT_MILLIS = 30_000;
    private static final int PROTOCOL = 3 << 16;
    private static final int CANCEL_CODE = 1234 << 16 | 5678;

    private final int port;
    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final boolean sliced;
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private byte[] key = new byte[0];

    private WireClient(int port, boolean sliced, int receiveBufferBytes) throws IOException {
        this.port = port;
        this.sliced = sliced;
        socket = new Socket();
        socket.setTcpNoDelay(true);
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
        out = socket.getOutputStream();
    }

    /** Logs in and returns after the first ReadyForQuery. */
    public static WireClient connect(int port, String database) {
        return connect(port, database, Map.of(), false);
    }

    /** Logs in with more startup parameters; when {@code sliced}, every byte is written by itself. */
    static WireClient connect(int port, String database, Map<String, String> startup, boolean sliced) {
        return connect(port, database, startup, sliced, 0);
    }

    /** Logs in with a kernel that takes little from the other side before the client reads it; by itself it may take megabytes. */
    static WireClient connectWithReceiveBuffer(int port, String database, int bytes) {
        return connect(port, database, Map.of(), false, bytes);
    }

    private static WireClient connect(
            int port, String database, Map<String, String> startup, boolean sliced, int receiveBufferBytes) {
        try {
            WireClient client = new WireClient(port, sliced, receiveBufferBytes);
            client.login(database, startup);
            return client;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void login(String database, Map<String, String> startup) throws IOException {
        sendBytes(startupPacket(database, startup));
        for (ServerMessage message = receive(); !message.isReadyForQuery(); message = receive()) {
            if (message.type() == 'E') {
                throw new IOException("login refused: " + message);
            } else if (message.type() == 'K') {
                key = message.body();
            }
        }
    }

    /** Returns the first packet of a client, as the user that needs no password. */
    static byte[] startupPacket(String database) {
        try {
            return startupPacket(database, Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] startupPacket(String database, Map<String, String> startup) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        Map<String, String> all = new LinkedHashMap<>(startup);
        all.put("user", RouterUnderTest.TRUSTED_USER);
        all.put("database", database);
        for (Map.Entry<String, String> parameter : all.entrySet()) {
            body.write(parameter.getKey().getBytes(UTF_8));
            body.write(0);
            body.write(parameter.getValue().getBytes(UTF_8));
            body.write(0);
        }
        body.write(0);
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        DataOutputStream writer = new DataOutputStream(packet);
        writer.writeInt(2 * Integer.BYTES + body.size());
        writer.writeInt(PROTOCOL);
        body.writeTo(writer);
        return packet.toByteArray();
    }

    /** Sends frames in one write. */
    public WireClient send(byte[]... frames) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            all.writeBytes(frame);
        }
        return sendBytes(all.toByteArray());
    }

    /** Sends bytes that need not be whole frames. */
    WireClient sendBytes(byte[] bytes) {
        try {
            if (sliced) {
                for (byte one : bytes) {
                    out.write(one);
                }
            } else {
                out.write(bytes);
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until something has come, and leaves it there. */
    void peek() throws IOException {
        in.mark(1);
        if (in.read() < 0) {
            throw new EOFException("the connection was closed");
        }
        in.reset();
    }

    /** Returns the next message. */
    public ServerMessage receive() {
        ServerMessage message = receiveOrEnd();
        if (message == null) {
            throw new UncheckedIOException(new EOFException("the connection was closed"));
        }
        return message;
    }

    /** Returns the next message, or null when the connection was closed. */
    @Nullable
    ServerMessage receiveOrEnd() {
        try {
            int type = in.read();
            if (type < 0) {
                return null;
            }
            byte[] body = new byte[in.readInt() - Integer.BYTES];
            in.readFully(body);
            ServerMessage message = new ServerMessage((char) type, body);
            if (type == 'S') {
                parameters.put(message.parameter().getKey(), message.parameter().getValue());
            }
            return message;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns everything up to the next ReadyForQuery, with it. */
    public List<ServerMessage> receiveUntilReady() {
        return receiveUntil('Z');
    }

    /** Returns everything up to the next message of a type, with it. */
    List<ServerMessage> receiveUntil(char type) {
        List<ServerMessage> messages = new ArrayList<>();
        do {
            messages.add(receive());
        } while (messages.get(messages.size() - 1).type() != type);
        return messages;
    }

    /** Receives and drops everything until the other side ends the connection. */
    void receiveUntilEnd() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (SocketException reset) {
            // It has ended, too.
            abort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Receives up to the next ReadyForQuery and returns that; the bodies of messages of one type go to a reader and are not kept. */
    List<ServerMessage> receiveUntilReady(char type, BodyReader reader) {
        List<ServerMessage> others = new ArrayList<>();
        try {
            do {
                in.mark(1);
                if (in.read() == type) {
                    reader.read(in, in.readInt() - Integer.BYTES);
                } else {
                    in.reset();
                    others.add(receive());
                }
            } while (others.isEmpty() || !others.get(others.size() - 1).isReadyForQuery());
            return others;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a simple query and returns the replies. */
    public List<ServerMessage> query(String sql) {
        return send(ClientMessage.query(sql)).receiveUntilReady();
    }

    /** Runs a simple query and returns the first column of its first row, or the SQLSTATE of its error. */
    @Nullable
    String ask(String sql) {
        for (ServerMessage message : query(sql)) {
            if (message.type() == 'D') {
                return message.columns().get(0);
            } else if (message.type() == 'E') {
                return message.sqlState();
            }
        }
        return "";
    }

    /** Returns what the server said last about a parameter. */
    @Nullable
    String parameter(String name) {
        return parameters.get(name);
    }

    /** Sends a cancel request for this client on a connection of its own; returns when the other side has closed that. */
    void cancel() {
        cancelAt(port);
    }

    /** As {@link #cancel}, but sent to another port of this machine. */
    void cancelAt(int otherPort) {
        try (Socket canceller = new Socket()) {
            canceller.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), otherPort), TIMEOUT_MILLIS);
            canceller.setSoTimeout(TIMEOUT_MILLIS);
            canceller.getOutputStream().write(cancelRequest());
            canceller.getInputStream().read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a cancel request for this client on a connection of its own, and does not wait for anything. */
    void startCancel() {
        try (Socket canceller = new Socket()) {
            canceller.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
            canceller.getOutputStream().write(cancelRequest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the packet that asks to cancel what this client runs. */
    byte[] cancelRequest() {
        return ByteBuffer.allocate(2 * Integer.BYTES + key.length)
                .putInt(2 * Integer.BYTES + key.length)
                .putInt(CANCEL_CODE)
                .put(key)
                .array();
    }

    /** Returns the key from BackendKeyData: process id and secret. */
    byte[] key() {
        return key.clone();
    }

    Socket socket() {
        return socket;
    }

    /** Returns where frames are written that are too long to be kept. */
    OutputStream output() {
        return out;
    }

    /** Ends the connection as a client that dies does: without Terminate, by RST. */
    void abort() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Says goodbye and closes. */
    @Override
    public void close() {
        try {
            if (!socket.isClosed()) {
                out.write(ClientMessage.terminate());
                socket.close();
            }
        } catch (IOException closedByTheOtherSide) {
            abort();
        }
    }
}
