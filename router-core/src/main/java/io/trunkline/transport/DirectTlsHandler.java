// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.trunkline.frontend.StartupNegotiation;
import java.util.List;

/**
 * Looks at the first byte of a connection and steps aside: a TLS record means that the client begins with TLS at once
 * ({@code sslnegotiation=direct}), anything else is a startup packet.
 */
final class DirectTlsHandler extends ByteToMessageDecoder {
    private final FrontendAccess access;

    DirectTlsHandler(FrontendAccess access) {
        this.access = access;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.getByte(in.readerIndex()) != StartupNegotiation.TLS_HANDSHAKE) {
            context.pipeline().remove(this);
            return;
        }
        ServerTls tls = access.tls();
        if (tls == null) {
            // There is nothing to say to somebody who waits for a ServerHello.
            in.skipBytes(in.readableBytes());
            context.close();
            return;
        }
        // Removal passes on what was read so far, now to the TLS handler.
        StartupHandler startup = context.pipeline().get(StartupHandler.class);
        context.pipeline().replace(this, StartupHandler.TLS, startup.encrypt(tls, context.alloc()));
    }
}
