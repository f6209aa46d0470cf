// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.session.Session;
import io.trunkline.session.SessionStart;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes the events of a client's channel to its {@link Session}.
 *
 * <p>While the session is being started it keeps what the client sent ahead: no more than was in flight, since reading is off.
 */
final class FrontendHandler extends ChannelInboundHandlerAdapter implements SessionStart.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(FrontendHandler.class);

    private final NettyClientLink link;
    private final RouterMetrics metrics;
    private final Runnable onGreeted;
    private final Runnable onEnd;
    private final Deque<ByteBuf> ahead = new ArrayDeque<>(0);
    private @Nullable SessionStart start;
    private @Nullable Session session;
    private boolean refused;

    /**
     * Creates the handler.
     *
     * @param onGreeted runs when the login is over
     * @param onEnd runs once when the channel is gone
     */
    FrontendHandler(NettyClientLink link, RouterMetrics metrics, Runnable onGreeted, Runnable onEnd) {
        this.link = link;
        this.metrics = metrics;
        this.onGreeted = onGreeted;
        this.onEnd = onEnd;
    }

    /** Begins the session; reading is off until the client is greeted. */
    void begin(SessionStart newStart) {
        start = newStart;
        link.setReading(false);
        newStart.begin();
    }

    @Override
    public void onStarted(Session started) {
        session = started;
        start = null;
        onGreeted.run();
        link.setReading(true);
        while (!ahead.isEmpty()) {
            ByteBuf in = ahead.poll();
            started.onBytes(in);
            in.release();
        }
        started.onReadComplete();
    }

    @Override
    public void onRefused(LoginOutcome outcome) {
        start = null;
        refused = true;
        metrics.loginEnded(outcome);
        releaseAhead();
        link.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        SessionStart waiting = start;
        LoginDeadline deadline = context.pipeline().get(LoginDeadline.class);
        if (event == LoginDeadline.PASSED && waiting != null && deadline != null) {
            // The link closes the channel, when the client has had time to read.
            LoginDeadline.lift(context.channel());
            waiting.expire(deadline.error());
        }
        context.fireUserEventTriggered(event);
    }

    /** The client sends no more; returns false when there is no session, which closes the channel in its turn. */
    boolean onInputEnd() {
        if (session == null) {
            return false;
        }
        session.onInputEnd();
        return true;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        metrics.relayed(RouterMetrics.Direction.TO_BACKEND, in.readableBytes());
        if (session == null && !refused) {
            ahead.add(in);
            return;
        }
        try {
            if (session != null) {
                session.onBytes(in);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (session != null) {
            session.onReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (session != null) {
            session.onWritabilityChanged(context.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (start != null) {
            start.abandon();
            start = null;
            metrics.loginEnded(LoginOutcome.ABANDONED);
        }
        releaseAhead();
        if (session != null) {
            session.onClosed();
        }
        onEnd.run();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        PeerFailures.log(LOG, "client", String.valueOf(context.channel().remoteAddress()), cause);
        context.close();
    }

    private void releaseAhead() {
        while (!ahead.isEmpty()) {
            ahead.poll().release();
        }
    }
}
