// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time limit of one login, from accept to the greeting. Bytes that arrive do not extend it.
 *
 * <p>When it passes, {@link #PASSED} is fired through the pipeline, so that whoever is in charge may say a last word, and the channel is closed;
 * unless the deadline was lifted meanwhile, by one who closes the channel itself.
 */
public final class LoginDeadline extends ChannelInboundHandlerAdapter {
    /** The user event that says the login took too long. */
    public static final Object PASSED = new Object() {
        @Override
        public String toString() {
            return "login deadline passed";
        }
    };

    private final Duration timeout;
    private final UnauthenticatedChannels unauthenticated;
    private @Nullable Future<?> timer;

    LoginDeadline(Duration timeout, UnauthenticatedChannels unauthenticated) {
        this.timeout = timeout;
        this.unauthenticated = unauthenticated;
    }

    /** Ends the deadline of a channel: the greeting is written, or a last error. */
    public static void lift(Channel channel) {
        if (channel.pipeline().get(LoginDeadline.class) != null) {
            channel.pipeline().remove(LoginDeadline.class);
        }
    }

    /** Returns what a client is told when the deadline has passed. */
    RouterError error() {
        return RouterErrors.loginTimeout(timeout);
    }

    /** The client is known: it no longer counts as one who may be anybody. The deadline runs on. */
    static void onAuthenticated(Channel channel) {
        LoginDeadline deadline = channel.pipeline().get(LoginDeadline.class);
        if (deadline != null) {
            deadline.unauthenticated.remove(channel);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        unauthenticated.add(context.channel());
        timer = context.executor()
                .schedule(
                        () -> {
                            context.pipeline().fireUserEventTriggered(PASSED);
                            if (!context.isRemoved()) {
                                context.channel().close();
                            }
                        },
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        unauthenticated.remove(context.channel());
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
