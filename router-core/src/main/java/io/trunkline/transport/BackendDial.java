// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.LinkSecurity;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt to reach a node: TCP, then TLS as the mode demands. Confined to one event loop.
 *
 * <p>In mode {@code prefer} a node that fails at TLS is tried once more without it on a new connection, as libpq does; a node that declines
 * is spoken to on the same connection.
 */
final class BackendDial implements BackendTlsHandler.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(BackendDial.class);

    /** How the attempt ended; called once, unless it was abandoned. */
    interface Listener {
        /** The node waits for a startup packet or cancel request; the callee owns the channel and adds its handler before it returns. */
        void onReached(Channel channel, LinkSecurity security);

        /** The node was not reached. */
        void onFailed(RouterError error);
    }

    private enum State {
        WITH_TLS,
        WITHOUT_TLS,
        ENDED
    }

    private final Bootstrap bootstrap;
    private final BackendTarget target;
    private final SocketAddress address;
    private final ClientTls tls;
    private final Duration tcpUserTimeout;
    private final Listener listener;

    private State state;
    private @Nullable Channel channel;

    /**
     * Prepares an attempt.
     *
     * @param bootstrap has group, channel type, resolver and options
     * @param target whose certificate is expected
     * @param address where to; a name is looked up
     */
    BackendDial(
            Bootstrap bootstrap,
            BackendTarget target,
            SocketAddress address,
            ClientTls tls,
            Duration tcpUserTimeout,
            Listener listener) {
        this.bootstrap = bootstrap;
        this.target = target;
        this.address = address;
        this.tls = tls;
        this.tcpUserTimeout = tcpUserTimeout;
        this.listener = listener;
        this.state = tls.mode() == ClientTls.Mode.DISABLE ? State.WITHOUT_TLS : State.WITH_TLS;
    }

    /** Starts connecting. */
    void start() {
        State attempted = state;
        ChannelFuture connecting = bootstrap
                .clone()
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel created) {
                        TcpOptions.apply(created, tcpUserTimeout);
                        if (attempted == State.WITH_TLS) {
                            created.pipeline()
                                    .addLast(
                                            new BackendTlsHandler(tls, target.host(), target.port(), BackendDial.this));
                        } else {
                            created.pipeline().addLast(new Connecting());
                        }
                    }
                })
                .connect(address);
        channel = connecting.channel();
        connecting.addListener(done -> onConnected(attempted, connecting));
    }

    /** Gives up; the listener is not called any more. */
    void abandon() {
        state = State.ENDED;
        closeChannel();
    }

    private void onConnected(State attempted, ChannelFuture connected) {
        if (state == State.ENDED) {
            connected.channel().close();
        } else if (!connected.isSuccess()) {
            LOG.atDebug()
                    .setCause(connected.cause())
                    .addKeyValue("node", target.node())
                    .log("connecting failed");
            fail(RouterErrors.connectFailed(target.node()));
        } else if (attempted == State.WITHOUT_TLS) {
            connected.channel().pipeline().remove(Connecting.class);
            reached(new LinkSecurity.Plain());
        }
    }

    @Override
    public void onEncrypted(LinkSecurity security) {
        if (state != State.ENDED) {
            reached(security);
        }
    }

    @Override
    public void onDeclined() {
        if (state == State.ENDED) {
            return;
        }
        if (tls.mode() == ClientTls.Mode.PREFER) {
            reached(new LinkSecurity.Plain());
        } else {
            fail(RouterErrors.backendTlsFailed(target.node(), "the node does not offer it"));
        }
    }

    @Override
    public void onUnavailable(String problem) {
        if (state == State.ENDED) {
            return;
        }
        if (tls.mode() == ClientTls.Mode.PREFER) {
            closeChannel();
            state = State.WITHOUT_TLS;
            start();
        } else {
            fail(RouterErrors.backendTlsFailed(target.node(), problem));
        }
    }

    @Override
    public void onInjected() {
        if (state != State.ENDED) {
            // Not retried without TLS, not even in mode prefer: somebody is on the way.
            fail(RouterErrors.backendTlsFailed(target.node(), "received unencrypted data after SSL response"));
        }
    }

    private void reached(LinkSecurity security) {
        Channel open = channel;
        if (open == null) {
            throw new IllegalStateException("reached without a channel");
        }
        state = State.ENDED;
        listener.onReached(open, security);
    }

    private void fail(RouterError error) {
        state = State.ENDED;
        closeChannel();
        listener.onFailed(error);
    }

    private void closeChannel() {
        if (channel != null) {
            channel.close();
        }
    }

    /** Takes what befalls a channel before it is connected: epoll may report a reset as something to read. The connecting fails with it. */
    private static final class Connecting extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.atDebug().setCause(cause).log("connecting failed");
            context.close();
        }
    }
}
