// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.trunkline.SharedAcrossLoops;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The cancel requests that are dealt with now, counted by the address they came from. */
@SharedAcrossLoops("a concurrent map and an atomic count")
final class CancelAdmission {
    private final CancelLimits limits;
    private final AtomicInteger total = new AtomicInteger();
    private final ConcurrentHashMap<Object, Integer> byAddress = new ConcurrentHashMap<>();

    CancelAdmission(CancelLimits limits) {
        this.limits = limits;
    }

    /** Counts a request; returns what is to run once when it has been dealt with, or null when it is one too many, which does not count. */
    @Nullable
    Runnable admit(SocketAddress from) {
        if (total.incrementAndGet() > limits.total()) {
            total.decrementAndGet();
            return null;
        }
        Object address = address(from);
        int count = byAddress.merge(address, 1, Integer::sum);
        if (count > limits.perAddress()) {
            leave(address);
            return null;
        }
        return () -> leave(address);
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
