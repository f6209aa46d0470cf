// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.ClientLogin;
import io.trunkline.frontend.ClientStartup;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.metrics.RouterMetrics.LoginStage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Drives {@link ClientLogin} on one channel and gives way to the session. */
final class LoginHandler extends ByteToMessageDecoder implements ClientLogin.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);

    private enum State {
        RUNNING,
        ENDED
    }

    private final FrontendAccess access;
    private final ClientStartup startup;
    private final @Nullable ChannelBinding binding;
    private final long startNanos = System.nanoTime();

    private State state = State.RUNNING;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ClientLogin login;

    LoginHandler(FrontendAccess access, ClientStartup startup, @Nullable ChannelBinding binding) {
        this.access = access;
        this.startup = startup;
        this.binding = binding;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        ClientLogin begun = ClientLogin.of(startup, access.authority(), binding, added.alloc(), this);
        login = begun;
        begun.begin();
        added.flush();
    }

    @Override
    protected void decode(ChannelHandlerContext current, ByteBuf in, List<Object> out) {
        if (login != null && state == State.RUNNING) {
            login.onBytes(in);
            current.flush();
        } else if (!current.isRemoved()) {
            in.skipBytes(in.readableBytes());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext current, Object event) throws Exception {
        if (event == LoginDeadline.PASSED && state == State.RUNNING) {
            end(LoginOutcome.TIMED_OUT);
            StartupHandler.refuse(
                    current, access, RouterErrors.loginTimeout(access.settings().loginTimeout()));
        }
        super.userEventTriggered(current, event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext current) throws Exception {
        if (state == State.RUNNING) {
            end(LoginOutcome.ABANDONED);
        }
        super.channelInactive(current);
    }

    @Override
    public void onWrite(ByteBuf message) {
        required().write(message);
    }

    @Override
    public void onAccepted(ClientIdentity identity) {
        ChannelHandlerContext current = required();
        state = State.ENDED;
        access.metrics().loginStage(LoginStage.AUTHENTICATION, System.nanoTime() - startNanos);
        LoginDeadline.onAuthenticated(current.channel());
        access.sessions().start(current.channel(), identity);
        current.flush();
        current.pipeline().remove(this);
    }

    @Override
    public void onRefused(RouterError error) {
        LOG.atInfo()
                .addKeyValue("user", LogText.quoted(startup.user()))
                .addKeyValue("database", LogText.quoted(startup.database()))
                .addKeyValue("address", required().channel().remoteAddress())
                .addKeyValue("sqlstate", error.response().sqlState())
                .log("login refused");
        end(LoginOutcome.REJECTED);
        StartupHandler.refuse(required(), access, error);
    }

    @Override
    public void onWithdrawn() {
        end(LoginOutcome.ABANDONED);
        required().close();
    }

    private void end(LoginOutcome outcome) {
        state = State.ENDED;
        access.metrics().loginEnded(outcome);
    }

    private ChannelHandlerContext required() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext current, Throwable cause) {
        PeerFailures.log(LOG, "client", String.valueOf(current.channel().remoteAddress()), cause);
        current.close();
    }
}
