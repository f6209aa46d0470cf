// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.LinkSecurity;
import io.trunkline.error.RouterError;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.FrontendWriter;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cancel request on its way to a node. Confined to one event loop.
 *
 * <p>PostgreSQL answers with nothing but the end of the connection, after it has sent the signal. Whoever wants to reuse the backend waits
 * for that end: a cancel still under way would hit the next statement.
 */
final class CancelDelivery implements BackendDial.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(CancelDelivery.class);

    private final BackendAccess access;
    private final EventLoop loop;
    private final BackendTarget target;
    private final BackendKey key;
    private final BackendDial dial;

    private @Nullable Runnable delivered;
    private @Nullable Future<?> deadline;
    private @Nullable Channel channel;

    CancelDelivery(
            BackendAccess access,
            Bootstrap bootstrap,
            EventLoop loop,
            BackendTarget target,
            BackendKey key,
            Runnable delivered) {
        this.access = access;
        this.loop = loop;
        this.target = target;
        this.key = key;
        this.delivered = delivered;
        this.dial =
                new BackendDial(bootstrap, target, access.tls(), access.limits().tcpUser(), this);
    }

    void start() {
        deadline = loop.schedule(this::onDeadline, access.limits().cancel().toNanos(), TimeUnit.NANOSECONDS);
        dial.start();
    }

    private void onDeadline() {
        LOG.atDebug().addKeyValue("node", target.node()).log("cancel request was not confirmed in time");
        dial.abandon();
        if (channel != null) {
            channel.close();
        }
        end();
    }

    @Override
    public void onReached(Channel reached, LinkSecurity security) {
        channel = reached;
        reached.pipeline().addLast(new Ending(target.node()));
        ByteBuf request = reached.alloc().buffer();
        FrontendWriter.cancelRequest(request, key);
        reached.closeFuture().addListener(closed -> end());
        reached.writeAndFlush(request);
    }

    @Override
    public void onFailed(RouterError error) {
        LOG.atDebug()
                .addKeyValue("node", target.node())
                .addKeyValue("sqlstate", error.response().sqlState())
                .log("cancel request failed");
        end();
    }

    private void end() {
        Runnable waiting = delivered;
        delivered = null;
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (waiting != null) {
            waiting.run();
        }
    }

    /** Takes the node's reset for the end that it is: a node may close without reading, and then the kernel resets. */
    private static final class Ending extends ChannelInboundHandlerAdapter {
        private final String node;

        Ending(String node) {
            this.node = node;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            PeerFailures.log(LOG, "cancel request to", node, cause);
            context.close();
        }
    }
}
