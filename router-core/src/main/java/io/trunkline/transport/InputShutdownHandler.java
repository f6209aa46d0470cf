// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;

/**
 * Ends the connection of a client that has shut down its sending side, unless its session is still to answer what came before.
 *
 * <p>Channels of clients are told of the end of input instead of being closed ({@code ALLOW_HALF_CLOSURE}). Inside TLS, and before there is a
 * session, a client that sends no more is a client that is gone.
 */
final class InputShutdownHandler extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event != ChannelInputShutdownEvent.INSTANCE) {
            context.fireUserEventTriggered(event);
            return;
        }
        FrontendHandler frontend = context.pipeline().get(FrontendHandler.class);
        if (frontend == null || context.pipeline().get(SslHandler.class) != null || !frontend.onInputEnd()) {
            context.close();
        }
    }
}
