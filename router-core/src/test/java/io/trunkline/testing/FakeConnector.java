// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.backend.EventLoopClock;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Opens connections of one event loop to {@link FakeNode}s by node name. */
public final class FakeConnector implements BackendConnector {
    private final EventLoopClock loop;
    private final Map<String, FakeNode> nodes;

    /** Creates the connector of an event loop; nodes are made when they are first named. */
    public FakeConnector(EventLoopClock loop, Map<String, FakeNode> nodes) {
        this.loop = loop;
        this.nodes = nodes;
    }

    /** Returns an empty set of nodes, to be shared by the connectors of several loops. */
    public static Map<String, FakeNode> newNodes() {
        return new HashMap<>();
    }

    /** Returns a node by name, new if need be. */
    public FakeNode node(String name) {
        return nodes.computeIfAbsent(name, FakeNode::new);
    }

    @Override
    public void connect(BackendTarget target, Listener listener) {
        node(target.node()).connect(loop, target, listener);
    }

    @Override
    public void cancel(BackendConnection backend, Consumer<CancelEnd> ended) {
        loop.execute(() -> ended.accept(CancelEnd.DELIVERED));
    }
}
