// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.TransactionId;
import io.trunkline.decision.TransactionIds;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.notification.NotificationHub;
import io.trunkline.pool.NodeSuspicion;
import io.trunkline.pool.PoolDirectory;
import io.trunkline.pool.ShardPool;
import io.trunkline.prepared.StatementCatalog;
import io.trunkline.wire.NotificationResponse;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One event loop and everything it owns: its pools, statements, views of the clusters and the sessions accepted on it. The composition root
 * of the core.
 *
 * <p>Whatever comes from another thread goes through {@link #execute}.
 */
public final class Worker {
    private static final int BATCHES_KEPT_MAX = 256;
    private static final int HOME_SHARD = 0;

    private final EventLoopClock clock;
    private final PoolDirectory pools;
    private final BackendConnector connector;
    private final RouterMetrics metrics;
    private final SessionLimits limits;
    private final NodeSuspicion suspicion;
    private final SqlAnalyzer analyzer;
    private final SessionRegistry sessions;
    private final CancelRegistry cancels;
    private final SchemaChanges changes;
    private final Supplier<? extends @Nullable DecisionLog> decisions;
    private final TransactionIds transactionIds;
    private long portalCount;
    private final StatementCatalog catalog;
    private final Map<String, CurrentView> views = new HashMap<>();
    private final RequestReader reader;
    private final Request request = new Request();
    private final RequestPool requests = new RequestPool();
    private final ArrayDeque<RequestBatch> batches = new ArrayDeque<>();
    private final Map<HubKey, NotificationHub> hubs = new HashMap<>();
    private final NotificationResponse notification = new NotificationResponse();
    private final Welcomes welcomes;
    /** What all sessions keep, but for the texts of statements. */
    private long keptBytes;

    private record HubKey(String cluster, String homeShard, String database, String user) {}

    /**
     * Creates the worker of one event loop.
     *
     * @param instance distinguishes the names of its prepared statements from those of every other loop and router
     */
    public Worker(
            EventLoopClock clock,
            PoolDirectory pools,
            BackendConnector connector,
            RouterMetrics metrics,
            SessionLimits limits,
            NodeSuspicion suspicion,
            Shared shared,
            String instance) {
        this.clock = clock;
        this.pools = pools;
        this.connector = connector;
        this.metrics = metrics;
        this.limits = limits;
        this.suspicion = suspicion;
        this.analyzer = shared.analyzer();
        this.sessions = shared.sessions();
        this.cancels = shared.cancels();
        this.changes = shared.changes();
        this.decisions = shared.decisions();
        this.transactionIds = shared.transactionIds();
        this.catalog = new StatementCatalog(instance, limits.idleStatementBytesMax());
        this.reader = new RequestReader(this);
        this.welcomes = new Welcomes();
    }

    /**
     * What the workers of a router share.
     *
     * @param analyzer what is known of query texts
     * @param sessions the live sessions
     * @param cancels the live cancel keys
     * @param changes of definitions
     * @param decisions where transactions over several shards are decided, asked for anew each time; null while there is no such place
     * @param transactionIds names them
     */
    public record Shared(
            SqlAnalyzer analyzer,
            SessionRegistry sessions,
            CancelRegistry cancels,
            SchemaChanges changes,
            Supplier<? extends @Nullable DecisionLog> decisions,
            TransactionIds transactionIds) {}

    /** Takes a new view of a cluster; on the event loop. */
    public void view(ClusterView view) {
        assert inEventLoop();
        CurrentView current = views.get(view.name());
        if (current == null) {
            views.put(view.name(), new CurrentView(view));
            return;
        }
        if (current.get().revision() != view.revision()) {
            // Other nodes may report other parameters.
            welcomes.forget(view.name());
        }
        if (!current.replace(view)) {
            // Sessions that count shards as before go on so to the end of their transactions.
            views.put(view.name(), new CurrentView(view));
        }
    }

    /** Returns the pools, for statuses of shards and for closing. */
    public PoolDirectory pools() {
        return pools;
    }

    /** Returns true when the cluster has a view, so that sessions for it can begin. */
    public boolean knows(String cluster) {
        return views.containsKey(cluster);
    }

    /** Returns where the view of a cluster is found from now on. */
    CurrentView currentView(String cluster) {
        CurrentView view = views.get(cluster);
        if (view == null) {
            throw new IllegalStateException("no view of cluster " + cluster);
        }
        return view;
    }

    boolean inEventLoop() {
        return clock.inEventLoop();
    }

    /** Runs a task on this event loop, from any thread. */
    public void execute(Runnable task) {
        clock.execute(task);
    }

    /** Returns the clock and timers of this event loop. */
    public EventLoopClock clock() {
        return clock;
    }

    BackendConnector connector() {
        return connector;
    }

    RouterMetrics metrics() {
        return metrics;
    }

    SessionLimits limits() {
        return limits;
    }

    SqlAnalyzer analyzer() {
        return analyzer;
    }

    StatementCatalog catalog() {
        return catalog;
    }

    RequestReader reader() {
        return reader;
    }

    Welcomes welcomes() {
        return welcomes;
    }

    SchemaChanges changes() {
        return changes;
    }

    /** Returns where transactions over several shards are decided; null when there is no such place, and so no such transaction. */
    @Nullable
    DecisionLog decisions() {
        return decisions.get();
    }

    /** Returns a name for portals that no other has that is open on a backend of this event loop. */
    String nextPortal() {
        return "tl_portal_" + portalCount++;
    }

    /** Returns the name of a new transaction over several shards of a cluster. */
    TransactionId nextTransactionId(String cluster) {
        return transactionIds.next(cluster);
    }

    CancelRegistry cancels() {
        return cancels;
    }

    SessionRegistry sessions() {
        return sessions;
    }

    /** Sessions keep so many more bytes than before, or fewer. */
    void kept(long moreBytes) {
        keptBytes += moreBytes;
    }

    /** Returns why no more clients can be let in, or null when they can; on the event loop. */
    public @Nullable RouterError admissionProblem() {
        assert inEventLoop();
        long max = limits.keptPerLoopBytesMax();
        return max == 0 || keptBytes + catalog.usedBytes() <= max ? null : RouterErrors.keptPerLoop(max);
    }

    /** Returns the pool of a shard as the view has it. */
    ShardPool pool(ClusterView view, SessionIdentity identity, int shard) {
        return pools.pool(
                identity.cluster(), view.table().shardName(shard), identity.backendDatabase(), identity.backendUser());
    }

    /** Returns where the sessions of the same database and user meet that listen. NOTIFY runs on the home shard, so that is where they listen. */
    NotificationHub hub(ClusterView view, SessionIdentity identity) {
        HubKey key = new HubKey(
                identity.cluster(),
                view.table().shardName(HOME_SHARD),
                identity.backendDatabase(),
                identity.backendUser());
        return hubs.computeIfAbsent(
                key,
                wanted -> new NotificationHub(
                        clock,
                        () -> pools.listeningPool(wanted.cluster, wanted.homeShard, wanted.database, wanted.user),
                        metrics));
    }

    /** Returns the view through which notifications are read. */
    NotificationResponse notification() {
        return notification;
    }

    void suspect(BackendTarget target) {
        suspicion.suspect(target.cluster(), target.node());
    }

    // requests and batches are reused, so that a statement costs no garbage

    Request request() {
        return request;
    }

    RequestPool requests() {
        return requests;
    }

    /** Returns a copy of the request that holds its buffer. */
    Request keep(Request other) {
        Request kept = requests.take();
        kept.copy(other);
        return kept;
    }

    RequestBatch emptyBatch() {
        RequestBatch batch = batches.pollLast();
        return batch == null ? new RequestBatch() : batch;
    }

    void giveBack(RequestBatch batch) {
        if (batches.size() < BATCHES_KEPT_MAX) {
            batches.addLast(batch);
        }
    }
}
