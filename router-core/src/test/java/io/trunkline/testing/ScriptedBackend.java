// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLink;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.wire.BackendKey;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The node's end of a real {@link BackendConnection}, byte by byte: what the router sent and flushed can be taken, and bytes can be sent back
 * in any pieces. What was written but not flushed is not seen, as on a socket.
 */
public final class ScriptedBackend implements BackendLink {
    private final BackendConnection connection;
    private final EventLoopClock loop;
    private final List<ByteBuf> unflushed = new ArrayList<>();
    private final Inbound inbound;
    private byte[] received = {};
    private boolean writable = true;
    private boolean open = true;
    private @Nullable Consumer<byte[]> model;
    private Runnable onEnd = () -> {};

    ScriptedBackend(
            EventLoopClock loop,
            BackendTarget target,
            BackendKey key,
            ReportedParameters reported,
            BackendLimits limits) {
        this.loop = loop;
        this.connection = new BackendConnection(target, this, key, reported, limits, loop);
        this.inbound = new Inbound(loop, connection::onBytes, connection::onReadComplete);
    }

    /** Returns the router's end. */
    public BackendConnection connection() {
        return connection;
    }

    /** Returns true while neither end has closed. */
    public boolean isOpen() {
        return open;
    }

    /** Gives what arrives to a model of a server from now on, instead of keeping it. */
    public void serve(Consumer<byte[]> newModel, Runnable whenEnded) {
        model = newModel;
        onEnd = whenEnded;
    }

    /** Sends bytes to the router, in pieces. */
    public void send(byte[] bytes, Fragmenter pieces, boolean inOneRead) {
        if (open) {
            inbound.send(bytes, pieces, inOneRead);
        }
    }

    /** Takes what has arrived since the last call. */
    public byte[] takeReceived() {
        byte[] taken = received;
        received = new byte[0];
        return taken;
    }

    /** Breaks the connection, as the node's end would. */
    public void die() {
        if (open) {
            end();
            connection.onClosed();
        }
    }

    /** Takes bytes or not. */
    public void setWritable(boolean nowWritable) {
        if (writable != nowWritable) {
            writable = nowWritable;
            connection.onWritabilityChanged(nowWritable);
        }
    }

    @Override
    public void write(ByteBuf bytes) {
        if (open) {
            unflushed.add(bytes);
        } else {
            bytes.release();
        }
    }

    @Override
    public void flush() {
        if (unflushed.isEmpty()) {
            return;
        }
        byte[] flushed = Inbound.join(unflushed);
        Consumer<byte[]> server = model;
        if (server == null) {
            received = Inbound.concatenate(received, flushed);
        } else {
            loop.execute(() -> {
                if (open) {
                    server.accept(flushed);
                }
            });
        }
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void setReading(boolean reading) {
        inbound.setReading(reading);
    }

    @Override
    public void close() {
        end();
    }

    @Override
    public SocketAddress address() {
        return new InetSocketAddress("192.0.2.1", 5432);
    }

    @Override
    public ByteBufAllocator allocator() {
        return ByteBufAllocator.DEFAULT;
    }

    private void end() {
        if (open) {
            flush();
            open = false;
            inbound.close();
            onEnd.run();
        }
    }
}
