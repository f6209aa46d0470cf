// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.relay.ClientLink;
import java.util.ArrayDeque;

/**
 * The way to one client, which can be shut at the boundary between two messages, for something that comes first.
 *
 * <p>PostgreSQL sends a client its own notifications before the ReadyForQuery of the statement that notified. Here they come from another
 * backend, so that ReadyForQuery, and what follows it, waits behind the gate until they are there. While the gate is shut the link takes no more
 * bytes, as when the client does not read; so what waits is bounded in the same way. Owns the buffers that wait. One per {@link Session}.
 */
final class ClientGate implements ClientLink {
    private final ClientLink link;
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(0);
    private boolean shut;

    ClientGate(ClientLink link) {
        this.link = link;
    }

    /** Keeps what is written from now on. */
    void shut() {
        shut = true;
    }

    /** Lets pass what was kept, and all that follows. */
    void open() {
        shut = false;
        while (!waiting.isEmpty()) {
            link.write(waiting.remove());
        }
    }

    /** Queues bytes before all that waits; consumed. */
    void writeAhead(ByteBuf bytes) {
        link.write(bytes);
    }

    /** Returns true while the client itself takes bytes. */
    boolean isReading() {
        return link.isWritable();
    }

    @Override
    public void write(ByteBuf bytes) {
        if (shut) {
            waiting.add(bytes);
        } else {
            link.write(bytes);
        }
    }

    @Override
    public void flush() {
        link.flush();
    }

    @Override
    public boolean isWritable() {
        return !shut && link.isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        link.setReading(reading);
    }

    @Override
    public void close() {
        open();
        link.close();
    }

    @Override
    public String address() {
        return link.address();
    }

    @Override
    public ByteBufAllocator allocator() {
        return link.allocator();
    }
}
