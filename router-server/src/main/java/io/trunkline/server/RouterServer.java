// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.channel.WriteBufferWaterMark;
import io.trunkline.decision.TransactionIds;
import io.trunkline.frontend.ClientLogin;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.sequence.SupplyContext;
import io.trunkline.server.admin.AdminEndpoint;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.server.config.ListenConfig;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.metrics.MicrometerMetrics;
import io.trunkline.server.metrics.ProcessMeters;
import io.trunkline.session.CancelRegistry;
import io.trunkline.session.SchemaChanges;
import io.trunkline.session.SessionRegistry;
import io.trunkline.session.SqlAnalyzer;
import io.trunkline.session.Worker;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperBlocks;
import io.trunkline.topology.zookeeper.ZooKeeperDecisions;
import io.trunkline.transport.AcceptPacing;
import io.trunkline.transport.CancelRequests;
import io.trunkline.transport.FrontendAccess;
import io.trunkline.transport.FrontendInitializer;
import io.trunkline.transport.PeerRouters;
import io.trunkline.transport.SessionGate;
import io.trunkline.twophase.RecoveryContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running router: puts the parts together, starts them in order and stops them in the opposite one.
 *
 * <pre>
 *   start: event loops · workers · topology · monitors · listener · admin endpoint
 *   stop:  not ready · sessions drained · listener · sessions ended · topology · pools · admin endpoint · event loops
 * </pre>
 *
 * <p>Starting does not wait for ZooKeeper or any node. The port is bound at once, but clients stay in its queue until every worker has a
 * topology: so a restart costs them a moment and not an error. After {@link #ACCEPT_AT_LATEST} they are let in and told what is missing.
 */
public final class RouterServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RouterServer.class);

    /** How long clients queue for the first topology. */
    private static final Duration ACCEPT_AT_LATEST = Duration.ofSeconds(10);

    private static final Duration POLL = Duration.ofMillis(20);

    /** How long sessions that were ended may take to be gone. */
    private static final Duration TERMINATE_MAX = Duration.ofSeconds(2);

    /** Beyond the high mark a peer is not read from until the other side has drained to the low one; Netty's own values. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

    private final RouterConfig config;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final RouterMetrics metrics = new MicrometerMetrics(registry);
    private final NodeBoard board = new NodeBoard();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final BlockingWork blocking = new BlockingWork();
    private final SqlAnalyzer analyzer = new SqlAnalyzer();
    private final SessionRegistry sessions;
    private final RouterGroup group;
    private final NettyRuntime runtime;
    private final ProcessMeters processMeters;
    private final WorkerFleet fleet;
    private final Clusters clusters;
    private final DatabaseDirectory databases;
    private final Readiness readiness = new Readiness(board);
    private final FrontendInitializer frontends;
    private @Nullable Channel listener;
    /** Written once, before there is a topology and so any session or cluster. */
    private volatile @Nullable TopologyFeed feed;

    private @Nullable AdminEndpoint admin;

    private RouterServer(StartupParts parts) {
        config = parts.config();
        sessions = new SessionRegistry(config.limits().sessions());
        databases = new DatabaseDirectory(config, parts.accounts().configs());
        clusters = new Clusters(this::openCluster);
        runtime = new NettyRuntime(config.transport(), config.eventLoops().resolve());
        processMeters = new ProcessMeters(registry, ((ByteBufAllocatorMetricProvider) runtime.allocator()).metric());
        CancelRegistry cancels = new CancelRegistry();
        PeerRouters peers = new PeerRouters(
                parts.peerTls(),
                CoreSettings.backendLimits(config),
                config.limits().cancelForwards(),
                metrics,
                new ReflectiveChannelFactory<>(runtime.channel()),
                blocking.lookups());
        group = new RouterGroup(config.cancel(), cancels, peers);
        fleet = WorkerFleet.start(
                parts,
                runtime,
                blocking,
                new Worker.Shared(
                        analyzer,
                        sessions,
                        cancels,
                        new SchemaChanges(clusters::definitionsChanged),
                        this::decisions,
                        TransactionIds.ofNewInstance()),
                databases,
                clusters,
                metrics);
        frontends = new FrontendInitializer(new FrontendAccess(
                CoreSettings.encryption(config.listen()),
                parts.listenerTls(),
                new ClientLogin.Authority(
                        parts.accounts().users(), parts.accounts().unknown(), new SecureRandom()),
                new SessionGate(
                        fleet.byLoop(),
                        databases,
                        sessions,
                        new CancelRequests(cancels, peers, CoreSettings.cancelLimits(config), metrics),
                        metrics,
                        config.limits().sessions()),
                CoreSettings.frontend(config),
                metrics));
    }

    /**
     * Starts a router; returns when it listens.
     *
     * @throws StartupException when an address cannot be bound; nothing is left running then
     */
    public static RouterServer start(StartupParts parts) throws StartupException {
        RouterServer server = new RouterServer(parts);
        try {
            server.begin();
            return server;
        } catch (IOException e) {
            server.close();
            throw new StartupException(String.valueOf(e.getMessage()), e);
        }
    }

    private void begin() throws IOException {
        // First of all, so that clients of a router that was restarted find a port to queue at.
        Channel bound = listen(config.listen());
        listener = bound;
        bound.eventLoop().schedule(() -> accept(bound), ACCEPT_AT_LATEST.toNanos(), TimeUnit.NANOSECONDS);
        TopologyFeed opened =
                new TopologyFeed(config.topology(), config.transactions().decisionTimeout());
        feed = opened;
        readiness.onSource(opened.source());
        opened.source().onRefused(reason -> metrics.topologyRejected());
        opened.source().subscribe(topology -> onTopology(topology, bound, opened));
        opened.register(
                address(), RouterGroup.address(config.cancel(), address()), CancelRegistry.ROUTER_NUMBER_MAX, group);
        admin = AdminEndpoint.start(
                new InetSocketAddress(config.admin().host(), config.admin().port()),
                Map.of(
                        "/metrics",
                        request -> new AdminPage(200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape()),
                        "/live",
                        request -> AdminPage.text("alive\n"),
                        "/ready",
                        request -> readiness.page(),
                        "/topology",
                        new TopologyPage(opened.source(), board),
                        "/dry-run",
                        new DryRunPage(clusters::dryRuns),
                        "/clients",
                        new ClientsPage(sessions, config.admin().terminateClients())));
        log.atInfo()
                .addKeyValue("address", address())
                .addKeyValue("admin", adminAddress())
                .addKeyValue("version", TrunklineCommand.Version.text())
                .log("listening");
    }

    private Channel listen(ListenConfig listen) throws IOException {
        InetSocketAddress address = new InetSocketAddress(listen.host(), listen.port());
        ChannelFuture bound = new ServerBootstrap()
                .group(runtime.acceptor(), runtime.workers())
                .channel(runtime.serverChannel())
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.SO_BACKLOG, listen.backlog())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.ALLOCATOR, runtime.allocator())
                .childOption(ChannelOption.ALLOCATOR, runtime.allocator())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .handler(new AcceptPacing())
                .childHandler(frontends)
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        return bound.channel();
    }

    /** Lets in those who have queued since the port was bound. */
    private void accept(Channel bound) {
        bound.config().setAutoRead(true);
        readiness.onAccepting();
    }

    private void onTopology(Topology topology, Channel bound, TopologyFeed from) {
        databases.onTopology(topology);
        clusters.onTopology(topology, () -> {
            accept(bound);
            sessions.drainUnless(databases::leadsTo);
            metrics.topologyRevision(topology.revision());
            from.applied(topology.revision());
        });
    }

    private OperatedCluster openCluster(String name) {
        // Spread over the loops, so that many clusters do not burden the first one only.
        List<WorkerFleet.Post> posts = fleet.posts();
        WorkerFleet.Post home = posts.get(Math.floorMod(name.hashCode(), posts.size()));
        return new OperatedCluster(
                name,
                new OperatedCluster.Surroundings(
                        home.clock(),
                        home.connector(),
                        fleet.workers(),
                        board,
                        metrics,
                        config.probes(),
                        recovery(name, home),
                        supply(name, home)));
    }

    /** Returns what the shards of a cluster are supplied with numbers with; null where none are kept. */
    private @Nullable SupplyContext supply(String cluster, WorkerFleet.Post home) {
        TopologyFeed opened = feed;
        ZooKeeperBlocks blocks = opened == null ? null : opened.blocks();
        return blocks == null
                ? null
                : new SupplyContext(
                        cluster,
                        home.clock(),
                        home.connector(),
                        blocks,
                        metrics,
                        config.sequences().supplyInterval());
    }

    /** Returns what the transactions of a cluster are recovered with; null where nothing is decided. */
    private @Nullable RecoveryContext recovery(String cluster, WorkerFleet.Post home) {
        ZooKeeperDecisions decisions = decisions();
        return decisions == null
                ? null
                : new RecoveryContext(
                        cluster,
                        home.clock(),
                        home.connector(),
                        decisions,
                        decisions,
                        metrics,
                        config.transactions().recoveryInterval(),
                        config.transactions().recoveryAfter());
    }

    private @Nullable ZooKeeperDecisions decisions() {
        TopologyFeed opened = feed;
        return opened == null ? null : opened.decisions();
    }

    /** Returns where clients connect, with the port that was taken. */
    public InetSocketAddress address() {
        if (listener == null) {
            throw new IllegalStateException("not listening");
        }
        return (InetSocketAddress) listener.localAddress();
    }

    /** Returns where operators connect, with the port that was taken. */
    public InetSocketAddress adminAddress() {
        if (admin == null) {
            throw new IllegalStateException("not listening");
        }
        return admin.address();
    }

    /** Waits until the router has stopped. */
    public void awaitStopped() throws InterruptedException {
        stopped.await();
    }

    /**
     * Stops the router: no new clients, open transactions may end within {@code timeouts.drain} and still be cancelled, then everything is
     * closed. Only the first call does so; others wait for it.
     */
    @Override
    public synchronized void close() {
        if (stopped.getCount() == 0) {
            return;
        }
        readiness.onStopping();
        TopologyFeed opened = feed;
        if (opened != null) {
            opened.unregister();
        }
        drain();
        if (opened != null) {
            opened.close();
        }
        clusters.close();
        try {
            fleet.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (admin != null) {
            admin.close();
        }
        runtime.close();
        analyzer.close();
        blocking.close();
        processMeters.close();
        registry.close();
        log.atInfo().log("stopped");
        stopped.countDown();
    }

    private void drain() {
        log.atInfo()
                .addKeyValue("sessions", sessions.size())
                .addKeyValue("limit", config.timeouts().drain())
                .log("stopping, waiting for open transactions");
        sessions.drain();
        awaitNoSessions(config.timeouts().drain());
        // Open until here, because a cancel request comes on a connection of its own; other clients are turned away.
        if (listener != null) {
            listener.close().awaitUninterruptibly();
        }
        if (sessions.size() > 0) {
            log.atInfo().addKeyValue("sessions", sessions.size()).log("ending sessions that did not end by themselves");
            sessions.terminate();
            awaitNoSessions(TERMINATE_MAX);
        }
    }

    private void awaitNoSessions(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (sessions.size() > 0 && System.nanoTime() - deadline < 0) {
            try {
                Thread.sleep(POLL.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
