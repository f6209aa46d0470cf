// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.trunkline.relay.ClientLink;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A link to a client over a channel. */
final class NettyClientLink implements ClientLink {
    /** How long a client may take to read the last error before its connection is closed under it. */
    static final long LINGER_MILLIS = 1_000;

    private final Channel channel;
    private boolean closing;

    NettyClientLink(Channel channel) {
        this.channel = channel;
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
        if (!closing && channel.config().isAutoRead() != reading && !isInputShutdown()) {
            channel.config().setAutoRead(reading);
        }
    }

    /** Returns true when the client has said that it sends no more: there is nothing to read then, and no way to ask for it. */
    private boolean isInputShutdown() {
        return channel instanceof DuplexChannel duplex && duplex.isInputShutdown();
    }

    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        // For a client that does not read what it is told.
        channel.eventLoop().schedule(() -> channel.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        if (isInputShutdown() || !(channel instanceof DuplexChannel duplex)) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        // Closing with unread input makes the kernel reset the connection, and the client loses the error: read on, and
        // look at nothing of it.
        DiscardingHandler rest = new DiscardingHandler();
        channel.pipeline().addFirst(rest);
        channel.config().setAutoRead(true);
        // Ahead of the end of TLS, which lets nothing follow.
        channel.flush();
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        ChannelFuture last = tls == null ? channel.writeAndFlush(Unpooled.EMPTY_BUFFER) : tls.closeOutbound();
        rest.last = last;
        last.addListener(flushed -> duplex.shutdownOutput());
    }

    /** Drops what comes from the socket, ahead of all who could read it. */
    private static final class DiscardingHandler extends ChannelInboundHandlerAdapter {
        /** Done when the client was sent all it is told. */
        private @Nullable ChannelFuture last;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE && last != null) {
                // It may be reading still.
                last.addListener(written -> context.close());
            } else {
                context.fireUserEventTriggered(event);
            }
        }
    }

    @Override
    public String address() {
        return channel.remoteAddress() instanceof InetSocketAddress remote
                ? NetUtil.toSocketAddressString(remote)
                : String.valueOf(channel.remoteAddress());
    }

    @Override
    public ByteBufAllocator allocator() {
        return channel.alloc();
    }
}
