// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.relay.ClientLink;
import io.trunkline.session.Session;
import io.trunkline.session.SessionStart;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The client's end of a real {@link Session}: what the router flushed can be taken, and bytes can be sent in any pieces. */
public final class TestClient implements ClientLink, SessionStart.Listener {
    private final EventLoopClock loop;
    private final List<ByteBuf> unflushed = new ArrayList<>();
    private @Nullable Inbound inbound;
    private @Nullable Session session;
    private byte[] received = {};
    private boolean writable = true;
    private boolean reading = true;
    private boolean closed;
    private boolean refused;

    TestClient(EventLoopClock loop) {
        this.loop = loop;
    }

    /** Returns the session; only once the client has been greeted. */
    public Session session() {
        Session started = session;
        if (started == null) {
            throw new IllegalStateException("the client has not been greeted");
        }
        return started;
    }

    /** Returns true once the client has been greeted. */
    public boolean isGreeted() {
        return session != null;
    }

    /** Returns true when the router refused to let the client in. */
    public boolean isRefused() {
        return refused;
    }

    /** Returns true once the router closed the connection. */
    public boolean isClosed() {
        return closed;
    }

    /** Returns false while the router has turned reading off. */
    public boolean isBeingRead() {
        return reading;
    }

    /** Sends bytes to the router, in pieces. */
    public void send(byte[] bytes, Fragmenter pieces, boolean inOneRead) {
        Inbound socket = inbound;
        if (socket == null) {
            throw new IllegalStateException("the client has not been greeted");
        }
        if (!closed) {
            socket.send(bytes, pieces, inOneRead);
        }
    }

    /** Takes what has arrived since the last call. */
    public byte[] takeReceived() {
        byte[] taken = received;
        received = new byte[0];
        return taken;
    }

    /** Takes bytes or not, as its socket's buffer allows. */
    public void setWritable(boolean nowWritable) {
        if (writable != nowWritable) {
            writable = nowWritable;
            session().onWritabilityChanged(nowWritable);
        }
    }

    /** Breaks the connection from the client's end. */
    public void vanish() {
        if (inbound != null) {
            inbound.close();
        }
        if (session != null) {
            session.onClosed();
        }
        Inbound.join(unflushed);
        closed = true;
    }

    @Override
    public void onStarted(Session started) {
        session = started;
        inbound = new Inbound(loop, started::onBytes, started::onReadComplete);
    }

    @Override
    public void onRefused(LoginOutcome outcome) {
        refused = true;
        close();
    }

    @Override
    public void write(ByteBuf bytes) {
        if (closed) {
            bytes.release();
        } else {
            unflushed.add(bytes);
        }
    }

    @Override
    public void flush() {
        received = Inbound.concatenate(received, Inbound.join(unflushed));
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void setReading(boolean nowReading) {
        reading = nowReading;
        if (inbound != null) {
            inbound.setReading(nowReading);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            flush();
            closed = true;
            if (inbound != null) {
                inbound.close();
            }
        }
    }

    @Override
    public String address() {
        return "test";
    }

    @Override
    public ByteBufAllocator allocator() {
        return ByteBufAllocator.DEFAULT;
    }
}
