// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/**
 * Ends the connection of a client that has shut down its sending side, unless its session is still to answer what came before.
 *
 * <p>Channels of clients are told of the end of input instead of being closed ({@code ALLOW_HALF_CLOSURE}). Before there is a session, a client
 * that sends no more is a client that is gone. Inside TLS it most likely is, too: what it sent last is run as in the clear, and only an answer
 * may fail to be written.
 */
final class InputShutdownHandler extends ChannelInboundHandlerAdapter {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event != ChannelInputShutdownEvent.INSTANCE) {
            context.fireUserEventTriggered(event);
            return;
        }
        FrontendHandler frontend = context.pipeline().get(FrontendHandler.class);
        if (frontend == null || !frontend.onInputEnd()) {
            context.close();
        }
    }
}
