// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.trunkline.backend.LinkSecurity;
import io.trunkline.wire.FrontendWriter;
import java.util.List;

/**
 * Asks a node for TLS and waits until it is there, or is not going to be.
 *
 * <p>The answer is one byte without a frame. Whatever comes with it was not encrypted, so somebody put it there (CVE-2021-23222).
 */
final class BackendTlsHandler extends ByteToMessageDecoder {

    /** How asking for TLS ended; called once. Unless encrypted or declined, the channel is of no use any more. */
    interface Listener {
        /** TLS is in force. */
        void onEncrypted(LinkSecurity security);

        /** The node has no TLS and waits for a startup packet. */
        void onDeclined();

        /** The node does not know the question, or the handshake failed; TLS was not what it wanted. */
        void onUnavailable(String problem);

        /** Somebody tampers with the connection. */
        void onInjected();
    }

    private enum State {
        ASKING,
        HANDSHAKE,
        ENDED
    }

    private final ClientTls tls;
    private final String host;
    private final int port;
    private final Listener listener;
    private State state = State.ASKING;

    BackendTlsHandler(ClientTls tls, String host, int port, Listener listener) {
        this.tls = tls;
        this.host = host;
        this.port = port;
        this.listener = listener;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        ByteBuf request = context.alloc().buffer(8);
        FrontendWriter.sslRequest(request);
        context.writeAndFlush(request);
        super.channelActive(context);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (state != State.ASKING) {
            in.skipBytes(in.readableBytes()); // on its way out
            return;
        }
        if (in.readableBytes() > 1 && in.getByte(in.readerIndex()) != 'E') {
            state = State.ENDED;
            in.skipBytes(in.readableBytes());
            listener.onInjected();
            return;
        }
        byte answer = in.readByte();
        switch (answer) {
            case 'S' -> {
                state = State.HANDSHAKE;
                context.pipeline()
                        .addBefore(context.name(), StartupHandler.TLS, tls.newHandler(context.alloc(), host, port));
            }
            case 'N' -> {
                state = State.ENDED;
                listener.onDeclined();
                context.pipeline().remove(this);
            }
            default -> {
                // An ErrorResponse of a server that cannot fork, or does not know SSLRequest: unauthenticated text, so
                // it is not shown.
                in.skipBytes(in.readableBytes());
                unavailable("the node answered the request for TLS with an error");
            }
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake && state == State.HANDSHAKE) {
            SslHandler handler = context.pipeline().get(SslHandler.class);
            if (handshake.isSuccess() && handler != null) {
                state = State.ENDED;
                listener.onEncrypted(new LinkSecurity.Tls(ClientTls.binding(handler)));
                context.pipeline().remove(this);
            } else {
                unavailable(ClientTls.reason(handshake.cause()));
            }
        }
        super.userEventTriggered(context, event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        unavailable("the node closed the connection");
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // The handshake event or the end of the channel tells the listener.
        context.close();
    }

    private void unavailable(String problem) {
        if (state != State.ENDED) {
            state = State.ENDED;
            listener.onUnavailable(problem);
        }
    }
}
