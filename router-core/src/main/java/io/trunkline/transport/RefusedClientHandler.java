// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of the pipeline of a client that was told why it gets no session: what it still sends, and how it leaves, matters to nobody. */
final class RefusedClientHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedClientHandler.class);

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        PeerFailures.log(LOG, "client", String.valueOf(context.channel().remoteAddress()), cause);
        context.close();
    }
}
