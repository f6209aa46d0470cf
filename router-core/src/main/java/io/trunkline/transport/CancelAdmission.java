// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.trunkline.SharedAcrossLoops;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The connections that carry a cancel request now, counted by the address they come from. */
@SharedAcrossLoops("a concurrent map and an atomic count")
final class CancelAdmission {
    private final CancelLimits limits;
    private final AtomicInteger total = new AtomicInteger();
    private final ConcurrentHashMap<Object, Integer> byAddress = new ConcurrentHashMap<>();

    CancelAdmission(CancelLimits limits) {
        this.limits = limits;
    }

    /** Counts a connection until it is closed; returns false, and does not count it, when it is one too many. */
    boolean admit(Channel channel) {
        if (total.incrementAndGet() > limits.total()) {
            total.decrementAndGet();
            return false;
        }
        Object address = address(channel.remoteAddress());
        int count = byAddress.merge(address, 1, Integer::sum);
        if (count > limits.perAddress()) {
            leave(address);
            return false;
        }
        channel.closeFuture().addListener(closed -> leave(address));
        return true;
    }

    private void leave(Object address) {
        byAddress.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
        total.decrementAndGet();
    }

    private static Object address(SocketAddress remote) {
        return remote instanceof InetSocketAddress internet && internet.getAddress() != null
                ? internet.getAddress()
                : "elsewhere";
    }
}
