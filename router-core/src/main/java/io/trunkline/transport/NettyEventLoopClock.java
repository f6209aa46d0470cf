// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.trunkline.backend.EventLoopClock;
import java.util.concurrent.TimeUnit;

/** Time and turn of a Netty event loop. */
public final class NettyEventLoopClock implements EventLoopClock {
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
        loop.execute(task);
    }

    @Override
    public boolean inEventLoop() {
        return loop.inEventLoop();
    }
}
