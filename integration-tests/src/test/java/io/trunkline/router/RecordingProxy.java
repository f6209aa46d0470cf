// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A port that passes bytes on to another one, and keeps how each connection began. */
final class RecordingProxy implements AutoCloseable {
    private static final int KEPT_BYTES = 64;

    private final List<ByteArrayOutputStream> beginnings = new CopyOnWriteArrayList<>();
    private final ForwardingPort port;

    private RecordingProxy(int target) {
        InetAddress here = InetAddress.getLoopbackAddress();
        port = ForwardingPort.open(
                new InetSocketAddress(here, 0), new InetSocketAddress(here, target), this::directions);
    }

    /** Starts to pass on to a port of this machine. */
    static RecordingProxy to(int port) {
        return new RecordingProxy(port);
    }

    int port() {
        return port.number();
    }

    /** Returns the first bytes of each connection, as those who connected sent them. */
    List<byte[]> beginnings() {
        return beginnings.stream().map(ByteArrayOutputStream::toByteArray).toList();
    }

    private ForwardingPort.Directions directions(Socket client, Socket server) {
        ByteArrayOutputStream beginning = new ByteArrayOutputStream();
        beginnings.add(beginning);
        return new ForwardingPort.Directions(
                (bytes, length) -> {
                    beginning.write(bytes, 0, Math.max(0, Math.min(length, KEPT_BYTES - beginning.size())));
                    server.getOutputStream().write(bytes, 0, length);
                },
                (bytes, length) -> client.getOutputStream().write(bytes, 0, length));
    }

    @Override
    public void close() {
        port.close();
    }
}
