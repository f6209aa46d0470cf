// SPDX-License-Identifier: Apache-2.0
package io.trunkline.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** The byte pipe to one client; implemented by the transport and by fakes in tests. Confined to one event loop. */
public interface ClientLink {

    /** Queues bytes; consumed. */
    void write(ByteBuf bytes);

    /** Sends what is queued. */
    void flush();

    /** Returns false while more than the high watermark is queued. */
    boolean isWritable();

    /** Turns reading from the client on or off. */
    void setReading(boolean reading);

    /** Sends what is queued, then closes in a way that lets the client read it. Idempotent. */
    void close();

    /** Returns where the client comes from, for people to read. */
    String address();

    /** Returns the allocator for bytes written to this link. */
    ByteBufAllocator allocator();
}
