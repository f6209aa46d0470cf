// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.trunkline.backend.BackendLink;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A link to a node over a channel.
 *
 * <p>What fits into the room that a buffer has left is put there: one short buffer costs less to send than several.
 */
final class NettyBackendLink implements BackendLink {
    private final Channel channel;
    private final SocketAddress address;
    /** Written and not yet with the channel: the next bytes may join it. Never kept beyond a flush. */
    private @Nullable ByteBuf roomy;

    /** Makes the link of a connected channel. */
    NettyBackendLink(Channel channel) {
        this.channel = channel;
        this.address = channel.remoteAddress();
    }

    @Override
    public void write(ByteBuf bytes) {
        ByteBuf before = roomy;
        if (before != null && bytes.readableBytes() <= before.writableBytes()) {
            before.writeBytes(bytes);
            bytes.release();
            return;
        }
        passOn();
        if (bytes.isWritable()) {
            roomy = bytes;
        } else {
            channel.write(bytes, channel.voidPromise());
        }
    }

    private void passOn() {
        ByteBuf before = roomy;
        if (before != null) {
            roomy = null;
            channel.write(before, channel.voidPromise());
        }
    }

    @Override
    public void flush() {
        passOn();
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        if (channel.config().isAutoRead() != reading) {
            channel.config().setAutoRead(reading);
        }
    }

    @Override
    public void close() {
        ByteBuf unsent = roomy;
        if (unsent != null) {
            roomy = null;
            unsent.release();
        }
        channel.close();
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public ByteBufAllocator allocator() {
        return channel.alloc();
    }
}
