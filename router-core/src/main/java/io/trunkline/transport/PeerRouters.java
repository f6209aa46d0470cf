// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.CancelOutcome;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.FrontendWriter;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The other routers of the group, by the numbers their keys carry, and the way of a cancel request to one of them.
 *
 * <p>A request goes to the address where that router takes clients, as one more client's, behind a mark that says that it has been passed on
 * once: so it is never passed on again, whatever the routers think of one another's numbers.
 */
@SharedAcrossLoops(
        "one volatile reference to an immutable map and an atomic count; each delivery belongs to one event loop")
public final class PeerRouters {

    /** Where another router takes clients: host name or address, and TCP port. */
    public record Address(String host, int port) {}

    private final Bootstrap bootstrap;
    private final ClientTls tls;
    private final BackendAccess.Limits limits;
    private final int forwardsMax;
    private final RouterMetrics metrics;
    private final AtomicInteger forwards = new AtomicInteger();
    private volatile Map<Integer, Address> addresses = Map.of();

    /**
     * Knows nobody yet.
     *
     * @param tls TLS towards other routers
     * @param limits how long reaching one, and its closing, may take
     * @param forwardsMax most requests on their way at once
     * @param channels makes channels of the transport in use
     * @param lookups runs host name lookups; may block, is bounded, is no event loop
     */
    public PeerRouters(
            ClientTls tls,
            BackendAccess.Limits limits,
            int forwardsMax,
            RouterMetrics metrics,
            ChannelFactory<? extends Channel> channels,
            Executor lookups) {
        this.tls = tls;
        this.limits = limits;
        this.forwardsMax = forwardsMax;
        this.metrics = metrics;
        this.bootstrap = new Bootstrap()
                .channelFactory(channels)
                .resolver(new OffLoopResolver(lookups))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        limits.connect().toMillis());
    }

    /** Replaces what is known of the group; callable on any thread. */
    public void addresses(Map<Integer, Address> known) {
        addresses = Map.copyOf(known);
    }

    /**
     * Passes a cancel request on to the router with a number.
     *
     * @param over runs once, on the event loop: that router has closed the connection, so it has dealt with the request, or nothing came of it
     */
    void forward(EventLoop loop, int number, BackendKey key, Runnable over) {
        assert loop.inEventLoop();
        Address address = addresses.get(number);
        if (address == null) {
            metrics.cancelRequest(CancelOutcome.UNKNOWN_ROUTER);
            over.run();
            return;
        }
        if (forwards.incrementAndGet() > forwardsMax) {
            forwards.decrementAndGet();
            metrics.cancelRequest(CancelOutcome.SURPLUS);
            over.run();
            return;
        }
        metrics.cancelForwardStarted();
        BackendTarget target = new BackendTarget("", "router " + number, address.host(), address.port(), "", "");
        new CancelDelivery(
                        bootstrap.clone(loop),
                        loop,
                        tls,
                        limits,
                        new CancelDelivery.Destination(
                                target, InetSocketAddress.createUnresolved(address.host(), address.port())),
                        out -> {
                            FrontendWriter.forwardedMark(out);
                            FrontendWriter.cancelRequest(out, key);
                        },
                        result -> {
                            forwards.decrementAndGet();
                            metrics.cancelForwardEnded();
                            metrics.cancelRequest(
                                    result == CancelEnd.DELIVERED ? CancelOutcome.FORWARDED : CancelOutcome.FAILED);
                            over.run();
                        })
                .start();
    }
}
