// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.LinkSecurity;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt to open a backend: {@link BackendDial}, then {@link BackendLogin}, under one deadline. Confined to one event loop. */
final class BackendOpening implements BackendDial.Listener, BackendLogin.Listener {
    private final BackendAccess access;
    private final EventLoop loop;
    private final BackendTarget target;
    private final BackendChannelOpener.Listener listener;
    private final BackendDial dial;

    private @Nullable Future<?> deadline;
    private @Nullable Channel channel;
    private @Nullable LoginDriver driver;
    private boolean isOver;

    BackendOpening(
            BackendAccess access,
            Bootstrap bootstrap,
            EventLoop loop,
            BackendTarget target,
            BackendChannelOpener.Listener listener) {
        this.access = access;
        this.loop = loop;
        this.target = target;
        this.listener = listener;
        this.dial = new BackendDial(
                bootstrap,
                target,
                InetSocketAddress.createUnresolved(target.host(), target.port()),
                access.tls(),
                access.limits().tcpUser(),
                this);
    }

    void start() {
        deadline = loop.schedule(this::onDeadline, access.limits().login().toNanos(), TimeUnit.NANOSECONDS);
        dial.start();
    }

    private void onDeadline() {
        dial.abandon();
        onFailed(RouterErrors.backendLoginTimeout(target.node(), access.limits().login()));
    }

    @Override
    public void onReached(Channel reached, LinkSecurity security) {
        channel = reached;
        BackendLogin.Request request = new BackendLogin.Request(
                target.node(),
                target.user(),
                access.passwords().find(target.user()),
                target.database(),
                access.parameters(),
                access.version());
        BackendLogin login = new BackendLogin(request, access.login(), security, loop, reached.alloc(), this);
        LoginDriver added = new LoginDriver(login);
        driver = added;
        reached.pipeline().addLast(added);
        login.begin();
    }

    @Override
    public void onWrite(ByteBuf message) {
        opened().writeAndFlush(message);
    }

    @Override
    public void onLoggedIn(BackendLogin.Result result) {
        if (!end()) {
            return;
        }
        Channel open = opened();
        listener.onOpened(open, result);
        if (driver != null) {
            open.pipeline().remove(driver); // passes on what came behind ReadyForQuery
        }
    }

    @Override
    public void onFailed(RouterError error) {
        if (!end()) {
            return;
        }
        if (channel != null) {
            channel.close();
        }
        listener.onFailed(error);
    }

    /** Ends the attempt; returns false when it has ended before. */
    private boolean end() {
        if (isOver) {
            return false;
        }
        isOver = true;
        if (deadline != null) {
            deadline.cancel(false);
        }
        return true;
    }

    private Channel opened() {
        if (channel == null) {
            throw new IllegalStateException("no channel yet");
        }
        return channel;
    }

    /** Feeds the channel's bytes to the login. */
    private static final class LoginDriver extends ByteToMessageDecoder {
        private static final Logger LOG = LoggerFactory.getLogger(LoginDriver.class);

        private final BackendLogin login;

        LoginDriver(BackendLogin login) {
            this.login = login;
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            login.onBytes(in);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) throws Exception {
            super.channelInactive(context); // offers what was read last, maybe the node's reason
            login.onClosed();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            PeerFailures.log(LOG, "backend", String.valueOf(context.channel().remoteAddress()), cause);
            login.onClosed();
            context.close();
        }
    }
}
