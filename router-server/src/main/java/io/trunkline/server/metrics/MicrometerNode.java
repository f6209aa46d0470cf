// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.metrics.Metric;
import io.trunkline.metrics.NodeMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** The meters of one node. */
@SharedAcrossLoops("counts are LongAdders, the state and the lag are atomics")
final class MicrometerNode implements NodeMetrics {
    private static final NodeState[] STATES = NodeState.values();

    private final Meters meters;
    private final String cluster;
    private final String shard;
    private final String node;
    private final Runnable forget;
    private final EnumGauges<BackendState> backends;
    private final AtomicReference<NodeState> state = new AtomicReference<>(NodeState.UNKNOWN);
    private final AtomicLong lag = new AtomicLong(-1);
    private final List<Gauge> gauges = new ArrayList<>();

    /**
     * Creates the meters.
     *
     * @param forget drops this handle, so that the next wish for the node makes a new one
     */
    MicrometerNode(Meters meters, String cluster, String shard, String node, Runnable forget) {
        this.meters = meters;
        this.cluster = cluster;
        this.shard = shard;
        this.node = node;
        this.forget = forget;
        backends = new EnumGauges<>(meters, Metric.BACKENDS, BackendState.values(), cluster, shard, node);
        for (NodeState constant : STATES) {
            gauges.add(meters.gauge(
                    Metric.NODE_STATE,
                    state,
                    current -> current.get() == constant ? 1 : 0,
                    cluster,
                    shard,
                    node,
                    Meters.label(constant)));
        }
        gauges.add(meters.gauge(Metric.REPLICA_LAG, lag, AtomicLong::get, cluster, shard, node));
    }

    @Override
    public void backendOpening() {
        backends.enter(BackendState.CONNECTING);
    }

    @Override
    public void backendMoved(BackendState from, BackendState to) {
        backends.leave(from);
        backends.enter(to);
    }

    @Override
    public void backendClosed(BackendState last, String reason) {
        backends.leave(last);
        meters.counter(Metric.BACKENDS_CLOSED, cluster, shard, node, reason).increment();
    }

    @Override
    public void connectEnded(ConnectOutcome outcome, long nanos) {
        meters.timer(Metric.BACKEND_CONNECT, cluster, shard, node, Meters.label(outcome))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void state(NodeState newState) {
        state.set(newState);
    }

    @Override
    public void replicaLag(long bytes) {
        lag.set(bytes);
    }

    @Override
    public void removed() {
        forget.run();
        backends.remove(meters);
        gauges.forEach(meters::remove);
    }
}
