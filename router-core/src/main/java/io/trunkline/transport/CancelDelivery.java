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
import io.trunkline.backend.CancelEnd;
import io.trunkline.backend.LinkSecurity;
import io.trunkline.error.RouterError;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cancel request on its way to a node or to another router. Confined to one event loop.
 *
 * <p>PostgreSQL answers with nothing but the end of the connection, after it has sent the signal; a router does the same. Whoever wants to
 * reuse the backend waits for that end, or closes it when that does not come within {@link BackendAccess.Limits#cancel}: a cancel still under way
 * would hit the next statement.
 */
final class CancelDelivery implements BackendDial.Listener {
    /** Where it goes: who is expected there, for the certificate and the log, and the address. */
    record Destination(BackendTarget target, SocketAddress address) {}

    private static final Logger LOG = LoggerFactory.getLogger(CancelDelivery.class);

    private final EventLoop loop;
    private final BackendAccess.Limits limits;
    private final String node;
    private final Consumer<ByteBuf> request;
    private final BackendDial dial;

    private @Nullable Consumer<CancelEnd> whenOver;
    private @Nullable Future<?> deadline;
    private @Nullable Channel channel;

    /**
     * Prepares a delivery.
     *
     * @param bootstrap has group, channel type, resolver and options
     * @param request writes the packet
     * @param whenOver called once, on the event loop
     */
    CancelDelivery(
            Bootstrap bootstrap,
            EventLoop loop,
            ClientTls tls,
            BackendAccess.Limits limits,
            Destination destination,
            Consumer<ByteBuf> request,
            Consumer<CancelEnd> whenOver) {
        this.loop = loop;
        this.limits = limits;
        this.node = destination.target().node();
        this.request = request;
        this.whenOver = whenOver;
        this.dial =
                new BackendDial(bootstrap, destination.target(), destination.address(), tls, limits.tcpUser(), this);
    }

    void start() {
        deadline = loop.schedule(this::onDeadline, limits.cancel().toNanos(), TimeUnit.NANOSECONDS);
        dial.start();
    }

    private void onDeadline() {
        LOG.atDebug().addKeyValue("node", node).log("cancel request was not confirmed in time");
        end(channel == null ? CancelEnd.NOT_SENT : CancelEnd.UNCONFIRMED);
        dial.abandon();
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void onReached(Channel reached, LinkSecurity security) {
        channel = reached;
        reached.pipeline().addLast(new Ending(node));
        ByteBuf packet = reached.alloc().buffer();
        request.accept(packet);
        reached.closeFuture().addListener(closed -> end(CancelEnd.DELIVERED));
        reached.writeAndFlush(packet);
    }

    @Override
    public void onFailed(RouterError error) {
        LOG.atDebug()
                .addKeyValue("node", node)
                .addKeyValue("sqlstate", error.response().sqlState())
                .log("cancel request failed");
        end(CancelEnd.NOT_SENT);
    }

    private void end(CancelEnd result) {
        Consumer<CancelEnd> waiting = whenOver;
        whenOver = null;
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (waiting != null) {
            waiting.accept(result);
        }
    }

    /** Takes the other side's reset for the end that it is: it may close without reading, and then the kernel resets. */
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
