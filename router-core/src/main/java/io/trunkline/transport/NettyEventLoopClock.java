// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.trunkline.backend.EventLoopClock;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Time and turn of a Netty event loop. */
public final class NettyEventLoopClock implements EventLoopClock {
    private static final Logger LOG = LoggerFactory.getLogger(NettyEventLoopClock.class);

    private final EventLoop loop;

    /** Creates the clock of one event loop. */
    public NettyEventLoopClock(EventLoop loop) {
        this.loop = loop;
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        ScheduledFuture<?> scheduled = loop.schedule(task, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException ended) {
            // Only a loop that has ended rejects: the router is stopping, and nothing the task was for is left.
            LOG.debug("task for an ended event loop dropped", ended);
        }
    }

    @Override
    public boolean inEventLoop() {
        return loop.inEventLoop();
    }
}
