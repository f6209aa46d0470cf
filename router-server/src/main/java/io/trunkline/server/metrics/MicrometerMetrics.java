// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.error.RouterError;
import io.trunkline.metrics.LoopMetrics;
import io.trunkline.metrics.Metric;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.PoolMetrics;
import io.trunkline.metrics.RouteMetrics;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.wire.SqlState;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * The router's metrics as meters of a Micrometer registry.
 *
 * <p>Meters whose labels are enums exist from the start, so a dashboard shows zeros and not gaps; meters of routes, pools and nodes appear
 * with their first use.
 */
@SharedAcrossLoops("meters are thread-safe; handles sit in concurrent maps")
public final class MicrometerMetrics implements RouterMetrics {
    private final Meters meters;
    private final EnumGauges<SessionState> sessions;
    private final EnumCounters<LoginOutcome> logins;
    private final Timer[] loginStages;
    private final EnumCounters<Direction> relayed;
    private final EnumCounters<PreparedEvent> prepared;
    private final EnumCounters<RepeatCause> repeats;
    private final EnumCounters<CancelOutcome> cancelRequests;
    private final LongAdder cancelForwards = new LongAdder();
    private final EnumCounters<TimeoutKind> timeouts;
    private final EnumCounters<CommitOutcome> shardCommits;
    private final EnumCounters<RecoveryOutcome> recovered;
    private final Map<List<String>, Measured> preparedAges = new ConcurrentHashMap<>();
    private final Map<List<String>, Measured> sequenceValues = new ConcurrentHashMap<>();
    private final EnumCounters<BlockOutcome> sequenceBlocks;
    private final AtomicLong topologyRevision = new AtomicLong();
    private final Counter topologyRejections;
    private final LongAdder listeningSessions = new LongAdder();
    private final LongAdder listenedChannels = new LongAdder();
    private final Counter notifications;
    private final Counter listeningLosses;
    private final LongAdder failoverWaiters = new LongAdder();
    private final Timer[] failoverHolds;
    private final Map<String, LongAdder> pinnedSessions = new ConcurrentHashMap<>();
    private final Map<List<String>, RouteMetrics> routes = new ConcurrentHashMap<>();
    private final Map<List<String>, PoolMetrics> pools = new ConcurrentHashMap<>();
    private final Map<List<String>, NodeMetrics> nodes = new ConcurrentHashMap<>();
    private final Map<String, LoopMetrics> loops = new ConcurrentHashMap<>();

    /** Creates the meters in a registry. */
    public MicrometerMetrics(MeterRegistry registry) {
        meters = new Meters(registry);
        sessions = new EnumGauges<>(meters, Metric.SESSIONS, SessionState.values());
        logins = new EnumCounters<>(meters, Metric.LOGINS, LoginOutcome.values());
        loginStages = timers(Metric.LOGIN_STAGE, LoginStage.values());
        relayed = new EnumCounters<>(meters, Metric.RELAY_BYTES, Direction.values());
        prepared = new EnumCounters<>(meters, Metric.PREPARED, PreparedEvent.values());
        repeats = new EnumCounters<>(meters, Metric.REPEATS, RepeatCause.values());
        cancelRequests = new EnumCounters<>(meters, Metric.CANCEL_REQUESTS, CancelOutcome.values());
        meters.gauge(Metric.CANCEL_FORWARDS, cancelForwards, LongAdder::sum);
        timeouts = new EnumCounters<>(meters, Metric.TIMEOUTS, TimeoutKind.values());
        shardCommits = new EnumCounters<>(meters, Metric.SHARD_COMMITS, CommitOutcome.values());
        recovered = new EnumCounters<>(meters, Metric.RECOVERED, RecoveryOutcome.values());
        sequenceBlocks = new EnumCounters<>(meters, Metric.SEQUENCE_BLOCKS, BlockOutcome.values());
        meters.gauge(Metric.TOPOLOGY_REVISION, topologyRevision, AtomicLong::get);
        topologyRejections = meters.counter(Metric.TOPOLOGY_REJECTIONS);
        meters.gauge(Metric.LISTENING_SESSIONS, listeningSessions, LongAdder::sum);
        meters.gauge(Metric.LISTENED_CHANNELS, listenedChannels, LongAdder::sum);
        notifications = meters.counter(Metric.NOTIFICATIONS);
        listeningLosses = meters.counter(Metric.LISTENING_LOSSES);
        meters.gauge(Metric.FAILOVER_WAITERS, failoverWaiters, LongAdder::sum);
        failoverHolds = timers(Metric.FAILOVER_HOLD, HoldOutcome.values());
    }

    private Timer[] timers(Metric metric, Enum<?>[] constants) {
        Timer[] timers = new Timer[constants.length];
        for (Enum<?> constant : constants) {
            timers[constant.ordinal()] = meters.timer(metric, Meters.label(constant));
        }
        return timers;
    }

    @Override
    public void sessionOpened() {
        sessions.enter(SessionState.IDLE);
    }

    @Override
    public void sessionMoved(SessionState from, SessionState to) {
        sessions.leave(from);
        sessions.enter(to);
    }

    @Override
    public void sessionClosed(SessionState last) {
        sessions.leave(last);
    }

    @Override
    public void loginStage(LoginStage stage, long nanos) {
        loginStages[stage.ordinal()].record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void loginEnded(LoginOutcome outcome) {
        logins.of(outcome).increment();
    }

    @Override
    public void relayed(Direction direction, long bytes) {
        relayed.of(direction).increment(bytes);
    }

    @Override
    public void error(RouterError error) {
        String sqlState = error.response().sqlState();
        // A node may have said it, and a label must be one of a few.
        String label = SqlState.ofCode(sqlState) == null ? "other" : sqlState;
        meters.counter(Metric.ERRORS, Meters.label(error.kind()), label).increment();
    }

    @Override
    public void refused(String code) {
        meters.counter(Metric.REFUSALS, code).increment();
    }

    @Override
    public void pinned(String reason) {
        pinnedSessions(reason).increment();
        meters.counter(Metric.PINS, reason).increment();
    }

    @Override
    public void unpinned(String reason, long nanos) {
        pinnedSessions(reason).decrement();
        meters.timer(Metric.PIN_TIME, reason).record(nanos, TimeUnit.NANOSECONDS);
    }

    private LongAdder pinnedSessions(String reason) {
        return pinnedSessions.computeIfAbsent(reason, key -> {
            LongAdder count = new LongAdder();
            meters.gauge(Metric.PINNED_SESSIONS, count, LongAdder::sum, key);
            return count;
        });
    }

    @Override
    public void listeningStarted() {
        listeningSessions.increment();
    }

    @Override
    public void listeningEnded() {
        listeningSessions.decrement();
    }

    @Override
    public void channelsListened(int difference) {
        listenedChannels.add(difference);
    }

    @Override
    public void notificationsDelivered(int count) {
        notifications.increment(count);
    }

    @Override
    public void listeningBackendLost() {
        listeningLosses.increment();
    }

    @Override
    public void prepared(PreparedEvent event) {
        prepared.of(event).increment();
    }

    @Override
    public void repeated(RepeatCause cause) {
        repeats.of(cause).increment();
    }

    @Override
    public void cancelRequest(CancelOutcome outcome) {
        cancelRequests.of(outcome).increment();
    }

    @Override
    public void cancelForwardStarted() {
        cancelForwards.increment();
    }

    @Override
    public void cancelForwardEnded() {
        cancelForwards.decrement();
    }

    @Override
    public void timedOut(TimeoutKind kind) {
        timeouts.of(kind).increment();
    }

    @Override
    public void shardsCommitted(CommitOutcome outcome) {
        shardCommits.of(outcome).increment();
    }

    @Override
    public void oldestPrepared(String cluster, String shard, long seconds) {
        preparedAges
                .computeIfAbsent(
                        List.of(cluster, shard), key -> new Measured(meters, Metric.PREPARED_AGE, cluster, shard))
                .value
                .set(seconds);
    }

    @Override
    public void preparedForgotten(String cluster, String shard) {
        Measured gone = preparedAges.remove(List.of(cluster, shard));
        if (gone != null) {
            meters.remove(gone.gauge);
        }
    }

    @Override
    public void sequenceValuesLeft(String cluster, String database, String shard, String sequence, long values) {
        sequenceValues
                .computeIfAbsent(
                        List.of(cluster, database, shard, sequence),
                        key -> new Measured(meters, Metric.SEQUENCE_VALUES, cluster, database, shard, sequence))
                .value
                .set(values);
    }

    @Override
    public void sequenceForgotten(String cluster, String database, String shard, String sequence) {
        Measured gone = sequenceValues.remove(List.of(cluster, database, shard, sequence));
        if (gone != null) {
            meters.remove(gone.gauge);
        }
    }

    @Override
    public void sequenceBlock(BlockOutcome outcome) {
        sequenceBlocks.of(outcome).increment();
    }

    @Override
    public void recovered(RecoveryOutcome outcome) {
        recovered.of(outcome).increment();
    }

    @Override
    public void topologyRevision(long revision) {
        topologyRevision.set(revision);
    }

    @Override
    public void topologyRejected() {
        topologyRejections.increment();
    }

    @Override
    public void failoverHoldStarted() {
        failoverWaiters.increment();
    }

    @Override
    public void failoverHoldEnded(HoldOutcome outcome, long nanos) {
        failoverWaiters.decrement();
        failoverHolds[outcome.ordinal()].record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void desynchronized(String reason) {
        meters.counter(Metric.DESYNCHRONIZATIONS, reason).increment();
    }

    @Override
    public RouteMetrics route(String cluster, String shard, String role, String reason) {
        return routes.computeIfAbsent(
                List.of(cluster, shard, role, reason),
                key -> new MicrometerRoute(meters, cluster, shard, role, reason));
    }

    @Override
    public PoolMetrics pool(String cluster, String shard, String role) {
        return pools.computeIfAbsent(
                List.of(cluster, shard, role), key -> new MicrometerPool(meters, cluster, shard, role));
    }

    @Override
    public NodeMetrics node(String cluster, String shard, String node) {
        return nodes.computeIfAbsent(
                List.of(cluster, shard, node),
                key -> new MicrometerNode(meters, cluster, shard, node, () -> nodes.remove(key)));
    }

    @Override
    public LoopMetrics loop(String name) {
        return loops.computeIfAbsent(name, key -> {
            Timer timer = meters.timer(Metric.EVENT_LOOP_LAG, key);
            return nanos -> timer.record(nanos, TimeUnit.NANOSECONDS);
        });
    }

    /** A value that was last measured, and its meter. */
    private static final class Measured {
        private final AtomicLong value = new AtomicLong();
        private final Gauge gauge;

        Measured(Meters meters, Metric metric, String... labels) {
            gauge = meters.gauge(metric, value, AtomicLong::get, labels);
        }
    }
}
