// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.trunkline.SharedAcrossLoops;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The accepted channels of a listener whose client is not known yet, oldest first, per event loop.
 *
 * <p>At the limit the oldest is closed. A client that logs in takes milliseconds and is among the youngest; whoever only holds a connection
 * open becomes the oldest. Refusing the newest instead would let silent connections shut everybody out until their deadline.
 */
@SharedAcrossLoops("each event loop touches only the set of its own; the map of sets is concurrent")
final class UnauthenticatedChannels {
    private final int maxPerLoop;
    private final Map<EventExecutor, Set<Channel>> byLoop = new ConcurrentHashMap<>();

    UnauthenticatedChannels(int maxPerLoop) {
        this.maxPerLoop = maxPerLoop;
    }

    /** Counts a channel on its own event loop; closes the oldest when it is one too many. */
    void add(Channel channel) {
        Set<Channel> channels = ofLoop(channel);
        if (channels.size() >= maxPerLoop) {
            Iterator<Channel> oldest = channels.iterator();
            Channel victim = oldest.next();
            oldest.remove();
            victim.close();
        }
        channels.add(channel);
    }

    /** Stops counting a channel. Idempotent. */
    void remove(Channel channel) {
        ofLoop(channel).remove(channel);
    }

    private Set<Channel> ofLoop(Channel channel) {
        assert channel.eventLoop().inEventLoop();
        return byLoop.computeIfAbsent(channel.eventLoop(), loop -> new LinkedHashSet<>());
    }
}
