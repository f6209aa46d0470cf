// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.trunkline.SharedAcrossLoops;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps a listener from accepting clients faster than the event loops look at them; to be given to its bootstrap as handler, one per listener.
 *
 * <p>An event loop registers a new client by a task, and runs tasks for as long as there are any, up to a second, before it reads from sockets
 * again. So a flood of connections, each of which wants next to nothing, would stop every session of the loop for seconds, and have the oldest
 * strangers closed before anybody had read what they sent ({@link UnauthenticatedChannels}). Those that are too many wait in the kernel's queue.
 */
@SharedAcrossLoops("an atomic count and a volatile flag; the listener's own loop stops and starts the accepting")
public final class AcceptPacing extends ChannelInboundHandlerAdapter {
    /** The most clients that are accepted and were not looked at yet. */
    static final int WAITING_MAX = 128;

    private static final long PASS_MILLIS = 1;

    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean paused;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (waiting.incrementAndGet() >= WAITING_MAX) {
            paused = true;
            context.channel().config().setAutoRead(false);
        }
        ((Channel) message).pipeline().addLast(new FirstLook(context));
        context.fireChannelRead(message);
    }

    private void onLookedAt(ChannelHandlerContext listener) {
        waiting.decrementAndGet();
        if (paused) {
            listener.executor().execute(() -> resume(listener));
        }
    }

    private void resume(ChannelHandlerContext listener) {
        if (paused && waiting.get() < WAITING_MAX / 2) {
            paused = false;
            listener.channel().config().setAutoRead(true);
        }
    }

    /** Waits, on the client's event loop, until that has been round its sockets once. */
    private final class FirstLook extends ChannelInboundHandlerAdapter {
        private final ChannelHandlerContext listener;

        FirstLook(ChannelHandlerContext listener) {
            this.listener = listener;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            // Timers are taken up once a round, behind the sockets.
            context.executor().schedule(() -> onLookedAt(listener), PASS_MILLIS, TimeUnit.MILLISECONDS);
            context.pipeline().remove(this);
        }
    }
}
