// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.error.RouterError;
import io.trunkline.frontend.ClientStartup;
import io.trunkline.frontend.StartupNegotiation;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.metrics.RouterMetrics.LoginStage;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.NegotiateProtocolVersion;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives {@link StartupNegotiation} on one accepted channel, puts TLS in, and gives way to {@link LoginHandler}.
 *
 * <p>Bytes that follow the startup packet are passed on when this handler leaves the pipeline.
 */
final class StartupHandler extends ByteToMessageDecoder implements StartupNegotiation.Listener {
    /** The name of the TLS handler in the pipeline. */
    static final String TLS = "tls";

    private static final Logger LOG = LoggerFactory.getLogger(StartupHandler.class);

    private final FrontendAccess access;
    private final StartupNegotiation negotiation;

    private @Nullable ChannelHandlerContext context;
    private @Nullable ChannelBinding binding;
    private long stageStartNanos = System.nanoTime();

    StartupHandler(FrontendAccess access) {
        this.access = access;
        this.negotiation = new StartupNegotiation(access.encryption(), this);
    }

    /** Returns the TLS handler for this connection and remembers which certificate it shows. */
    ChannelHandler encrypt(ServerTls tls, ByteBufAllocator allocator) {
        ServerTls.Connection connection = tls.connection(allocator);
        binding = connection.binding();
        stageStartNanos = System.nanoTime();
        return connection.handler();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext removed) {
        context = null;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    protected void decode(ChannelHandlerContext current, ByteBuf in, List<Object> out) {
        negotiation.onBytes(in);
        if (negotiation.isEnded() && !current.isRemoved()) {
            in.skipBytes(in.readableBytes()); // on its way out
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext current, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            onHandshake(current, handshake);
        } else if (event == LoginDeadline.PASSED) {
            // Nothing is known of the peer: it gets no last word.
            abandon(LoginOutcome.TIMED_OUT);
        }
        super.userEventTriggered(current, event);
    }

    private void onHandshake(ChannelHandlerContext current, SslHandshakeCompletionEvent handshake) {
        SslHandler tls = current.pipeline().get(SslHandler.class);
        if (handshake.isSuccess() && tls != null) {
            access.metrics().loginStage(LoginStage.TLS, System.nanoTime() - stageStartNanos);
            negotiation.onTlsEstablished(tls.applicationProtocol());
        } else {
            LOG.debug("TLS handshake with a client failed", handshake.cause());
            abandon(LoginOutcome.MALFORMED);
            current.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext current) throws Exception {
        abandon(LoginOutcome.ABANDONED);
        super.channelInactive(current);
    }

    /** Counts a connection that ends before the negotiation decided anything. */
    private void abandon(LoginOutcome outcome) {
        if (!negotiation.isEnded()) {
            negotiation.onEnd();
            access.metrics().loginEnded(outcome);
        }
    }

    @Override
    public void onAnswer(byte answer) {
        ChannelHandlerContext current = required();
        current.writeAndFlush(current.alloc().buffer(1).writeByte(answer));
    }

    @Override
    public void onUpgrade() {
        ChannelHandlerContext current = required();
        ServerTls tls = access.tls();
        if (tls == null) {
            throw new IllegalStateException("TLS was offered without a certificate");
        }
        // The answer has passed the head of the pipeline already, so it stays unencrypted.
        current.pipeline().addBefore(current.name(), TLS, encrypt(tls, current.alloc()));
    }

    @Override
    public void onNegotiateVersion(NegotiateProtocolVersion answer) {
        ChannelHandlerContext current = required();
        ByteBuf message = current.alloc().buffer();
        BackendWriter.negotiateProtocolVersion(message, answer);
        current.write(message);
    }

    @Override
    public void onStartup(ClientStartup startup) {
        ChannelHandlerContext current = required();
        current.pipeline().addAfter(current.name(), null, new LoginHandler(access, startup, binding));
        current.pipeline().remove(this);
    }

    @Override
    public void onCancel(StartupNegotiation.CancelOrigin origin, BackendKey key) {
        ChannelHandlerContext current = required();
        current.channel().config().setAutoRead(false);
        // The end of the connection tells the client that the cancel has been passed on.
        access.sessions()
                .cancel(current.channel(), origin, key, () -> current.executor().execute(current::close));
    }

    @Override
    public void onRefused(RouterError error) {
        access.metrics().loginEnded(LoginOutcome.MALFORMED);
        refuse(required(), access, error);
    }

    @Override
    public void onNoise(String reason) {
        LOG.debug("closed a connection that does not speak the protocol: {}", reason);
        access.metrics().loginEnded(LoginOutcome.MALFORMED);
        required().close();
    }

    /** Sends a last ErrorResponse and closes; whatever arrives meanwhile is ignored. */
    static void refuse(ChannelHandlerContext context, FrontendAccess access, RouterError error) {
        access.metrics().error(error);
        NettyClientLink link = new NettyClientLink(context.channel());
        ByteBuf message = link.allocator().buffer();
        BackendWriter.errorResponse(message, error.response());
        link.write(message);
        link.close();
    }

    private ChannelHandlerContext required() {
        if (context == null) {
            throw new IllegalStateException("startup is over");
        }
        return context;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext current, Throwable cause) {
        PeerFailures.log(LOG, "client", String.valueOf(current.channel().remoteAddress()), cause);
        current.close();
    }
}
