// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.ReflectiveChannelFactory;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendTarget;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.ids.IdInstaller;
import io.trunkline.server.metrics.MicrometerMetrics;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySource;
import io.trunkline.transport.BackendChannelOpener;
import io.trunkline.transport.NettyBackendConnector;
import io.trunkline.wire.ErrorResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What a command needs to ask the nodes of a topology without a router: an event loop, and connections as the router makes them. */
final class CommandNodes implements AutoCloseable, IdInstaller.Nodes {
    /** How long the topology may take to come. */
    private static final Duration TOPOLOGY_MAX = Duration.ofSeconds(10);

    private static final int ROWS_MAX = 100;

    private final BlockingWork blocking = new BlockingWork();
    private final NettyRuntime runtime;
    private final EventLoop loop;
    private final BackendConnector connector;
    private final Duration answerLimit;

    /**
     * Starts the event loop.
     *
     * @param answerLimit how long an answer to {@link #query} may take
     */
    CommandNodes(StartupParts parts, Duration answerLimit) {
        RouterConfig config = parts.config();
        this.answerLimit = answerLimit;
        runtime = new NettyRuntime(config.transport(), 1);
        loop = runtime.loops().get(0);
        BackendChannelOpener opener = new BackendChannelOpener(
                WorkerFleet.backendAccess(parts, blocking),
                new ReflectiveChannelFactory<>(runtime.channel()),
                blocking.lookups());
        connector = new NettyBackendConnector(
                opener,
                loop,
                new BackendLimits(
                        config.limits().inspectedMessage().asInt(),
                        config.limits().expectedReplies(),
                        config.limits().statementsPerBackend(),
                        config.timeouts().ownStatement()),
                new MicrometerMetrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
    }

    EventLoop loop() {
        return loop;
    }

    BackendConnector connector() {
        return connector;
    }

    /** Returns the topology that a configuration names. */
    static Topology topology(RouterConfig config) throws StartupException, InterruptedException {
        try (TopologyFeed feed =
                new TopologyFeed(config.topology(), config.transactions().decisionTimeout())) {
            TopologySource source = feed.source();
            CompletableFuture<Topology> first = new CompletableFuture<>();
            try (TopologySource.Subscription subscription = source.subscribe(first::complete)) {
                return first.get(TOPOLOGY_MAX.toSeconds(), TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new StartupException(
                        "no topology: "
                                + source.trouble().orElse("nothing came within " + TOPOLOGY_MAX.toSeconds() + " s"),
                        e);
            } catch (java.util.concurrent.ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public List<List<@Nullable String>> query(BackendTarget target, String sql)
            throws IdInstaller.RefusedException, InterruptedException {
        CompletableFuture<List<List<@Nullable String>>> answer = new CompletableFuture<>();
        loop.execute(() -> connector.connect(target, new Question(target, sql, answer)));
        try {
            return answer.get();
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof IdInstaller.RefusedException refused) {
                throw refused;
            }
            throw new IllegalStateException("the question failed", e);
        }
    }

    private final class Question implements BackendConnector.Listener {
        private final BackendTarget target;
        private final String sql;
        private final CompletableFuture<List<List<@Nullable String>>> answer;

        Question(BackendTarget target, String sql, CompletableFuture<List<List<@Nullable String>>> answer) {
            this.target = target;
            this.sql = sql;
            this.answer = answer;
        }

        @Override
        public void onConnected(BackendConnection backend) {
            backend.query(sql, ROWS_MAX, answerLimit, new BackendConnection.QueryListener() {
                @Override
                public void onRows(List<List<@Nullable String>> rows) {
                    backend.close("answered");
                    answer.complete(rows);
                }

                @Override
                public void onError(ErrorResponse error) {
                    backend.close("failed");
                    refused(error);
                }
            });
        }

        @Override
        public void onFailed(RouterError error) {
            refused(error.response());
        }

        private void refused(ErrorResponse error) {
            answer.completeExceptionally(new IdInstaller.RefusedException(
                    target.node() + ": " + error.sqlState() + ": " + LogText.quoted(error.message())));
        }
    }

    @Override
    public void close() {
        runtime.close();
        blocking.close();
    }
}
