// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.ReflectiveChannelFactory;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.doctor.Doctor;
import io.trunkline.server.metrics.MicrometerMetrics;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySource;
import io.trunkline.transport.BackendChannelOpener;
import io.trunkline.transport.NettyBackendConnector;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code doctor}: asks every node of the topology, as the router would, and says what is wrong or will be. Changes nothing. */
@Command(
        name = "doctor",
        description =
                "Logs in to every node of the topology as the router's probes do and reports what is wrong: nodes that cannot "
                        + "be reached, shards that differ in version, settings, encoding, extensions or schema, constraints that hold on "
                        + "one shard only, forgotten prepared transactions, clocks. Changes nothing.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:no error was found, warnings aside", "1:an error was found, or a file is wrong"})
final class DoctorCommand implements Callable<Integer> {
    /** How long the topology may take to come. */
    private static final Duration TOPOLOGY_MAX = Duration.ofSeconds(10);

    @Spec
    @Nullable
    CommandSpec command;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The configuration.")
    Path config = Path.of("trunkline.yaml");

    @Option(
            names = "--answer-limit",
            paramLabel = "SECONDS",
            description = "How long a node may take to answer each question (default: $${DEFAULT-VALUE}).")
    int answerSeconds = 10;

    @Override
    public Integer call() throws StartupException, InterruptedException {
        StartupParts parts = StartupParts.read(config, new ConfigLoader());
        Topology topology = topology(parts.config());
        Doctor.Report report = examine(parts, topology);
        PrintWriter out = Commands.out(command);
        report.findings().forEach(out::println);
        out.println(report.summary());
        return report.hasErrors() ? ExitCodes.INVALID : ExitCodes.DONE;
    }

    private static Topology topology(RouterConfig config) throws StartupException, InterruptedException {
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

    private Doctor.Report examine(StartupParts parts, Topology topology) throws InterruptedException {
        BlockingWork blocking = new BlockingWork();
        try (NettyRuntime runtime = new NettyRuntime(parts.config().transport(), 1)) {
            EventLoop loop = runtime.loops().get(0);
            BackendChannelOpener opener = new BackendChannelOpener(
                    WorkerFleet.backendAccess(parts, blocking),
                    new ReflectiveChannelFactory<>(runtime.channel()),
                    blocking.lookups());
            BackendConnector connector = new NettyBackendConnector(
                    opener,
                    loop,
                    new BackendLimits(
                            parts.config().limits().inspectedMessage().asInt(),
                            parts.config().limits().expectedReplies(),
                            parts.config().limits().statementsPerBackend(),
                            parts.config().timeouts().ownStatement()),
                    new MicrometerMetrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
            return new Doctor(connector, loop, parts.config().probes().user(), Duration.ofSeconds(answerSeconds))
                    .examine(topology);
        } finally {
            blocking.close();
        }
    }
}
