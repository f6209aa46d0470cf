// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.SocketAddress;

/** The byte pipe to one node; implemented by the transport and by fakes in tests. Confined to one event loop. */
public interface BackendLink {

    /** Queues bytes; consumed. */
    void write(ByteBuf bytes);

    /** Sends what is queued, at the latest when the current read of the event loop ends. */
    void flush();

    /** Returns false while more than the high watermark is queued. */
    boolean isWritable();

    /** Turns reading from the node on or off. */
    void setReading(boolean reading);

    /** Closes at once. Idempotent. */
    void close();

    /** Returns where it leads, without any name left to look up: a process id belongs to one server, and a name may have several. */
    SocketAddress address();

    /** Returns the allocator for bytes written to this link. */
    ByteBufAllocator allocator();
}
