// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.trunkline.backend.BackendConnection;
import io.trunkline.metrics.RouterMetrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes the events of a node's channel to its {@link BackendConnection}. */
final class BackendHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(BackendHandler.class);

    private final BackendConnection backend;
    private final RouterMetrics metrics;

    BackendHandler(BackendConnection backend, RouterMetrics metrics) {
        this.backend = backend;
        this.metrics = metrics;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        metrics.relayed(RouterMetrics.Direction.TO_CLIENT, in.readableBytes());
        try {
            backend.onBytes(in);
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        backend.onReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        backend.onWritabilityChanged(context.channel().isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        backend.onClosed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        PeerFailures.log(LOG, "backend", backend.target().node(), cause);
        context.close();
    }
}
