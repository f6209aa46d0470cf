// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.health.NodeStatus;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.FakeNode;
import io.trunkline.testing.VirtualClock;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** One shard {@code s0} of cluster {@code c} in virtual time, with one pool directory per event loop. */
final class PoolFixture {
    final VirtualClock time = new VirtualClock();
    final Map<String, FakeNode> nodes = FakeConnector.newNodes();
    final ConnectionBudget budget;
    final List<String> suspects = new ArrayList<>();
    final List<PoolDirectory> directories = new ArrayList<>();
    final List<EventLoopClock> loops = new ArrayList<>();
    private final PoolSettings settings;
    private long epoch;

    PoolFixture(PoolSettings settings) {
        this(settings, 1, 1_000);
    }

    PoolFixture(PoolSettings settings, int loopCount, int placesPerNode) {
        this.settings = settings;
        this.budget = new ConnectionBudget(placesPerNode);
        for (int i = 0; i < loopCount; i++) {
            EventLoopClock loop = time.newLoop();
            PoolContext context = new PoolContext(
                    loop,
                    new FakeConnector(loop, nodes),
                    budget,
                    RouterMetrics.NONE,
                    (cluster, node) -> suspects.add(node),
                    new Random(i));
            PoolDirectory directory = new PoolDirectory(context, (cluster, database, user) -> settings);
            directory.start();
            loops.add(loop);
            directories.add(directory);
        }
    }

    FakeNode node(String name) {
        return nodes.computeIfAbsent(name, FakeNode::new);
    }

    ShardPool pool() {
        return pool(0);
    }

    ShardPool pool(int loop) {
        return directories.get(loop).pool("c", "s0", "app", "u");
    }

    /** Tells every loop the state of the shard's nodes. */
    void status(NodeStatus... statuses) {
        epoch++;
        for (PoolDirectory directory : directories) {
            directory.onShardStatus("c", "s0", List.of(statuses), epoch);
        }
    }

    static NodeStatus status(String node, State state) {
        return status(node, state, 1, 1);
    }

    static NodeStatus status(String node, State state, int timeline, int weight) {
        return new NodeStatus(new Node(node, node, 5432, NodeRole.AUTO, weight, ""), state, timeline, 0);
    }

    RecordingRequest lease() {
        return lease(ShardPool.Role.PRIMARY);
    }

    RecordingRequest lease(ShardPool.Role role) {
        RecordingRequest request = new RecordingRequest();
        pool().lease(role, request);
        return request;
    }

    /** Asks for a backend and gives the node time to open it. */
    RecordingRequest leased() {
        RecordingRequest request = lease();
        advance(10);
        return request;
    }

    void advance(long millis) {
        time.advance(Duration.ofMillis(millis));
    }
}
