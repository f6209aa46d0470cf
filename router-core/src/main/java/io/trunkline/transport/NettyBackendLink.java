// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.trunkline.backend.BackendLink;
import java.net.SocketAddress;

/** A link to a node over a channel. */
final class NettyBackendLink implements BackendLink {
    private final Channel channel;
    private final SocketAddress address;

    /** Makes the link of a connected channel. */
    NettyBackendLink(Channel channel) {
        this.channel = channel;
        this.address = channel.remoteAddress();
    }

    @Override
    public void write(ByteBuf bytes) {
        channel.write(bytes, channel.voidPromise());
    }

    @Override
    public void flush() {
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
