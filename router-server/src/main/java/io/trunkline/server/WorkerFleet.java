// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.netty.channel.EventLoop;
import io.netty.channel.ReflectiveChannelFactory;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.ConnectionBudget;
import io.trunkline.pool.NodeSuspicion;
import io.trunkline.pool.PoolCatalog;
import io.trunkline.pool.PoolContext;
import io.trunkline.pool.PoolDirectory;
import io.trunkline.server.config.LimitsConfig;
import io.trunkline.session.SessionLimits;
import io.trunkline.session.Worker;
import io.trunkline.transport.BackendAccess;
import io.trunkline.transport.BackendChannelOpener;
import io.trunkline.transport.NettyBackendConnector;
import io.trunkline.transport.NettyEventLoopClock;
import io.trunkline.wire.ProtocolVersion;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The workers of a router, one per event loop, each with its clock and its connector to nodes.
 *
 * <p>Made once at start; immutable.
 */
final class WorkerFleet {
    private static final int CLOSE_SECONDS_MAX = 5;

    /** One worker with what it stands on. */
    record Post(EventLoop loop, EventLoopClock clock, BackendConnector connector, Worker worker) {}

    private final List<Post> posts;

    private WorkerFleet(List<Post> posts) {
        this.posts = posts;
    }

    /**
     * Makes the workers and starts the upkeep of their pools.
     *
     * @param pools what pools are made by
     * @param suspicion hears of bad nodes
     */
    static WorkerFleet start(
            StartupParts parts,
            NettyRuntime runtime,
            BlockingWork blocking,
            Worker.Shared shared,
            PoolCatalog pools,
            NodeSuspicion suspicion,
            RouterMetrics metrics) {
        LimitsConfig limits = parts.config().limits();
        BackendChannelOpener opener = new BackendChannelOpener(
                backendAccess(parts, blocking), new ReflectiveChannelFactory<>(runtime.channel()), blocking.lookups());
        BackendLimits backendLimits = new BackendLimits(
                limits.inspectedMessage().asInt(),
                limits.expectedReplies(),
                limits.statementsPerBackend(),
                parts.config().timeouts().ownStatement());
        SessionLimits sessionLimits = new SessionLimits(
                limits.inspectedMessage().asInt(),
                limits.message().bytes(),
                limits.heldBytes().bytes(),
                limits.statementsPerSession(),
                limits.keptPerSession().bytes(),
                limits.keptPerLoop().bytes(),
                limits.idleStatements().bytes(),
                new SessionLimits.Listening(
                        limits.channelsPerSession(),
                        limits.notifications(),
                        limits.notificationBytes().bytes()),
                new SessionLimits.Merging(
                        limits.mergedRow().asInt(), limits.mergeMemory().bytes()));
        ConnectionBudget budget = new ConnectionBudget(limits.backendsPerNode());
        String instance = Integer.toString(new SecureRandom().nextInt(1 << 20), Character.MAX_RADIX);
        List<Post> posts = new ArrayList<>();
        for (EventLoop loop : runtime.loops()) {
            EventLoopClock clock = new NettyEventLoopClock(loop);
            BackendConnector connector = new NettyBackendConnector(opener, loop, backendLimits, metrics);
            PoolDirectory directory = new PoolDirectory(
                    new PoolContext(clock, connector, budget, metrics, suspicion, new SplittableRandom()), pools);
            Worker worker = new Worker(
                    clock,
                    directory,
                    connector,
                    metrics,
                    sessionLimits,
                    suspicion,
                    shared,
                    instance + "_" + posts.size());
            posts.add(new Post(loop, clock, connector, worker));
            loop.execute(directory::start);
            LoopLag.start(loop, metrics.loop("router-loop-" + (posts.size() - 1)));
        }
        return new WorkerFleet(List.copyOf(posts));
    }

    /** Returns how the router logs in to nodes. */
    static BackendAccess backendAccess(StartupParts parts, BlockingWork blocking) {
        BackendLogin.Environment login = new BackendLogin.Environment(
                CoreSettings.authentication(parts.config().backend()),
                new ScramKeyCache(blocking.hashing(), ScramKeyCache.ENTRIES_MAX_DEFAULT),
                new SecureRandom());
        return new BackendAccess(
                parts.backendTls(),
                login,
                parts.accounts().passwords(),
                CoreSettings.backendParameters(parts.config().backend()),
                ProtocolVersion.V3_0,
                CoreSettings.backendLimits(parts.config()));
    }

    /** Returns the posts in the order of the loops. */
    List<Post> posts() {
        return posts;
    }

    List<Worker> workers() {
        return posts.stream().map(Post::worker).toList();
    }

    /** Returns the workers by their loops. */
    Map<EventLoop, Worker> byLoop() {
        Map<EventLoop, Worker> workers = new LinkedHashMap<>();
        posts.forEach(post -> workers.put(post.loop, post.worker));
        return workers;
    }

    /** Closes all pools and waits until each loop has done so. */
    void close() throws InterruptedException {
        CountDownLatch closed = new CountDownLatch(posts.size());
        for (Post post : posts) {
            post.worker.execute(() -> {
                post.worker.pools().close();
                closed.countDown();
            });
        }
        closed.await(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
    }
}
