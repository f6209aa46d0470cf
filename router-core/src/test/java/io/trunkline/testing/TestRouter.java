// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.TransactionIds;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.ConnectionBudget;
import io.trunkline.pool.PoolContext;
import io.trunkline.pool.PoolDirectory;
import io.trunkline.pool.PoolSettings;
import io.trunkline.relay.ClientLink;
import io.trunkline.routing.CatalogSnapshot;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.StatementRouter;
import io.trunkline.session.CancelRegistry;
import io.trunkline.session.ClusterView;
import io.trunkline.session.DryRun;
import io.trunkline.session.DryRunReport;
import io.trunkline.session.SchemaChanges;
import io.trunkline.session.SessionIdentity;
import io.trunkline.session.SessionLimits;
import io.trunkline.session.SessionRegistry;
import io.trunkline.session.SessionStart;
import io.trunkline.session.SessionTimeouts;
import io.trunkline.session.SqlAnalyzer;
import io.trunkline.session.Worker;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.wire.BackendKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A router without sockets: real sessions, relays, pools and backends of one event loop in virtual time.
 *
 * <p>Shards are named {@code a}, {@code b}…; each has a primary {@code node-a} and, if wished, a replica {@code replica-a}. With more than one
 * shard the tables {@code customers (id)} and {@code orders (customer_id)} are sharded and {@code countries} is everywhere.
 */
public final class TestRouter implements AutoCloseable {

    /** What a router for a test is like. */
    public static final class Plan {
        private int shards = 1;
        private boolean dryRun;
        private boolean replicas;
        private PoolSettings pools = PoolSettings.builder().size(2).build();
        private SessionLimits limits = SessionLimits.DEFAULT;
        private BackendLimits backendLimits = BackendLimits.DEFAULT;
        private ReadPolicy policy = ReadPolicy.PRIMARY;
        private boolean hints = true;
        private SessionTimeouts timeouts = SessionTimeouts.OFF;
        private SessionIdentity.PoolMode mode = SessionIdentity.PoolMode.TRANSACTION;
        private @Nullable DecisionLog decisions;

        /** Sets the number of shards. */
        public Plan shards(int count) {
            shards = count;
            return this;
        }

        /** Has the one shard decide as two, {@code x} and {@code y}, with the tables of a router with several. */
        public Plan dryRun() {
            dryRun = true;
            return this;
        }

        /** Lets no client choose where its statements run. */
        public Plan noHints() {
            hints = false;
            return this;
        }

        /** Gives each shard a replica, and reads to it. */
        public Plan replicas() {
            replicas = true;
            policy = ReadPolicy.PREFER_REPLICA;
            return this;
        }

        /** Sets how pools behave. */
        public Plan pools(PoolSettings settings) {
            pools = settings;
            return this;
        }

        /** Sets the limits of sessions. */
        public Plan limits(SessionLimits newLimits) {
            limits = newLimits;
            return this;
        }

        /** Sets the limits of sessions that listen. */
        public Plan listening(SessionLimits.Listening newLimits) {
            SessionLimits others = SessionLimits.DEFAULT;
            return limits(new SessionLimits(
                    others.inspectedBytesMax(),
                    others.messageBytesMax(),
                    others.heldBytesMax(),
                    others.statementsMax(),
                    others.keptBytesMax(),
                    others.keptPerLoopBytesMax(),
                    others.idleStatementBytesMax(),
                    newLimits,
                    others.merging()));
        }

        /** Sets the limits of backends. */
        public Plan backendLimits(BackendLimits newLimits) {
            backendLimits = newLimits;
            return this;
        }

        /** Sets how long sessions may take over things. */
        public Plan timeouts(SessionTimeouts newTimeouts) {
            timeouts = newTimeouts;
            return this;
        }

        /** Lets sessions keep their backend until they end. */
        public Plan sessionMode() {
            mode = SessionIdentity.PoolMode.SESSION;
            return this;
        }

        /** Gives the router a place where transactions over several shards are decided; without this there is none. */
        public Plan decisions(DecisionLog log) {
            decisions = log;
            return this;
        }

        /** Builds the router. */
        public TestRouter start() {
            return new TestRouter(this);
        }
    }

    /** The parameters that every backend reports at login. */
    public static final Map<String, String> REPORTED =
            Map.of("client_encoding", "UTF8", "standard_conforming_strings", "on", "TimeZone", "UTC");

    /** What names the transactions over several shards, counted from 0. */
    public static final String INSTANCE = "0123456789abcdef0123456789abcdef";

    private final VirtualClock time = new VirtualClock();
    private final EventLoopClock loop = time.newLoop();
    private final Plan plan;
    private final SqlAnalyzer analyzer = new SqlAnalyzer();
    private final SessionRegistry sessions = new SessionRegistry(1_000);
    private final PoolDirectory pools;
    private final Worker worker;
    private final DryRunReport report = new DryRunReport(Instant.EPOCH);
    private final List<ScriptedBackend> backends = new ArrayList<>();
    private final List<TestClient> clients = new ArrayList<>();
    private final Map<BackendKey, ScriptedBackend> byKey = new HashMap<>();
    private final Set<String> down = new HashSet<>();
    private final List<Consumer<CancelEnd>> undelivered = new ArrayList<>();
    private final List<String> cancels = new ArrayList<>();
    private boolean holdCancels;
    private Consumer<ScriptedBackend> onConnected = backend -> {};
    private long epoch;
    private long revision;

    private TestRouter(Plan plan) {
        this.plan = plan;
        Connector connector = new Connector();
        PoolContext context = new PoolContext(
                loop, connector, new ConnectionBudget(1_000), RouterMetrics.NONE, (cluster, node) -> {}, new Random(1));
        pools = new PoolDirectory(context, (cluster, database, user) -> plan.pools);
        worker = new Worker(
                loop,
                pools,
                connector,
                RouterMetrics.NONE,
                plan.limits,
                (cluster, node) -> {},
                new Worker.Shared(
                        analyzer,
                        sessions,
                        new CancelRegistry(),
                        new SchemaChanges(() -> {}),
                        () -> plan.decisions,
                        TransactionIds.of(INSTANCE)),
                "t");
        publish();
        for (int shard = 0; shard < plan.shards; shard++) {
            status(shard, "node-" + shardName(shard));
        }
    }

    /** Publishes the next revision of the same topology. */
    public void publish() {
        revision++;
        Distribution byCustomer =
                new Distribution("customer", KeyType.INT8, HashSlots.evenly(64, plan.dryRun ? 2 : plan.shards));
        List<Shard> shards = new ArrayList<>();
        for (int i = 0; i < plan.shards; i++) {
            shards.add(new Shard(shardName(i), nodes(i)));
        }
        boolean sharded = plan.shards > 1 || plan.dryRun;
        Cluster spread = new Cluster(
                "main",
                shards,
                sharded ? List.of(byCustomer) : List.of(),
                sharded
                        ? List.of(
                                new ShardedTable("public", "customers", "id", "customer"),
                                new ShardedTable("public", "orders", "customer_id", "customer"))
                        : List.of(),
                sharded ? List.of(new ReferenceTable("public", "countries")) : List.of());
        Cluster cluster = plan.dryRun ? Cluster.dryRun(shards, List.of("x", "y"), spread) : spread;
        Topology topology = new Topology(revision, List.of(cluster), List.of(new Database("app", "main", "app")));
        RoutingTable table = RoutingTable.of(topology, "main");
        RoutingTable planned = RoutingTable.ofPlan(topology, "main");
        CatalogSnapshot catalog = CatalogSnapshot.ofPlainTables();
        worker.view(new ClusterView(
                "main",
                revision,
                table,
                new StatementRouter(table, catalog),
                planned == null ? null : new DryRun(new StatementRouter(planned, catalog), report)));
    }

    /** Returns what was decided in the dry run. */
    public DryRunReport report() {
        return report;
    }

    private static String shardName(int shard) {
        return String.valueOf((char) ('a' + shard));
    }

    private List<Node> nodes(int shard) {
        List<Node> nodes = new ArrayList<>();
        nodes.add(node("node-" + shardName(shard)));
        if (plan.replicas) {
            nodes.add(node("replica-" + shardName(shard)));
        }
        return nodes;
    }

    private static Node node(String name) {
        return new Node(name, name, 5432, NodeRole.AUTO, 1, "");
    }

    /** Tells the pools which node of a shard is its primary; the others are replicas. None is, when the name is of no node. */
    public void status(int shard, String primary) {
        epoch++;
        List<NodeStatus> statuses = nodes(shard).stream()
                .map(node -> new NodeStatus(
                        node,
                        down.contains(node.name())
                                ? NodeStatus.State.UNUSABLE
                                : node.name().equals(primary)
                                        ? NodeStatus.State.PRIMARY
                                        : plan.replicas ? NodeStatus.State.READABLE_REPLICA : NodeStatus.State.UNUSABLE,
                        1,
                        0))
                .toList();
        pools.onShardStatus("main", shardName(shard), statuses, epoch);
    }

    /** Lets a node refuse connections, or accept them again. */
    public void setDown(String node, boolean isDown) {
        if (isDown) {
            down.add(node);
        } else {
            down.remove(node);
        }
    }

    /** Sets what happens to each new backend before the pool gets it. */
    public void onConnected(Consumer<ScriptedBackend> newOnConnected) {
        onConnected = newOnConnected;
    }

    /** Connects a client and lets it be greeted; without a free backend it waits for that. */
    public TestClient connect(Map<String, String> settings) {
        TestClient client = new TestClient(loop);
        clients.add(client);
        starting(client, settings, client).begin();
        settle();
        return client;
    }

    /** Returns the start of a session over any link; to be begun. */
    public SessionStart starting(ClientLink client, Map<String, String> settings, SessionStart.Listener listener) {
        SessionIdentity identity = new SessionIdentity(
                "u", "app", "main", "app", "u", plan.mode, plan.policy, 5_000_000_000L, plan.hints, plan.timeouts);
        return new SessionStart(worker, client, identity, settings, 4, listener);
    }

    /** Returns the virtual time. */
    public VirtualClock time() {
        return time;
    }

    /** Returns the event loop. */
    public EventLoopClock loop() {
        return loop;
    }

    /** Returns the backends in the order in which they were opened. */
    public List<ScriptedBackend> backends() {
        return backends;
    }

    /** Returns the live sessions. */
    public SessionRegistry sessions() {
        return sessions;
    }

    /** Takes the cancel requests sent since the last call, as names of nodes. */
    public List<String> takeCancels() {
        List<String> taken = List.copyOf(cancels);
        cancels.clear();
        return taken;
    }

    /** Keeps cancel requests on their way until {@link #deliverCancels}. */
    public void holdCancels() {
        holdCancels = true;
    }

    /** Ends the cancel requests that are on their way. */
    public void endCancels(CancelEnd end) {
        List<Consumer<CancelEnd>> all = List.copyOf(undelivered);
        undelivered.clear();
        all.forEach(ended -> ended.accept(end));
        settle();
    }

    /** Runs everything that is due. */
    public void settle() {
        time.runDue();
    }

    /** Waits until a thread of the analyzer has handed something back; false when nothing comes. */
    public boolean awaitAnalyzer() {
        boolean came = (plan.shards > 1 || plan.dryRun) && time.awaitOtherThreads(analyzer.isReading() ? 10_000 : 0);
        settle();
        return came;
    }

    /** Waits until no tree is being read, and runs what was waiting for them. */
    public void awaitTrees() {
        boolean more = true;
        while (more) {
            boolean reading = analyzer.isReading();
            boolean came = time.awaitOtherThreads(reading ? 1 : 0);
            settle();
            more = reading || came;
        }
    }

    @Override
    public void close() {
        clients.forEach(TestClient::vanish);
        settle();
        pools.close();
        settle();
        backends.forEach(ScriptedBackend::die);
        settle();
        analyzer.close();
    }

    private final class Connector implements BackendConnector {
        @Override
        public void connect(BackendTarget target, Listener listener) {
            loop.execute(() -> {
                if (down.contains(target.node())) {
                    RouterError error = RouterErrors.connectFailed(target.node());
                    listener.onFailed(error);
                    return;
                }
                BackendKey key = new BackendKey(backends.size() + 1, new byte[4]);
                ScriptedBackend backend =
                        new ScriptedBackend(loop, target, key, ReportedParameters.of(REPORTED), plan.backendLimits);
                backends.add(backend);
                byKey.put(key, backend);
                onConnected.accept(backend);
                listener.onConnected(backend.connection());
            });
        }

        @Override
        public void cancel(BackendConnection backend, Consumer<CancelEnd> ended) {
            cancels.add("s" + backend.key().processId());
            if (holdCancels) {
                undelivered.add(ended);
            } else {
                loop.execute(() -> ended.accept(CancelEnd.DELIVERED));
            }
        }
    }
}
