// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.trunkline.error.RouterError;
import io.trunkline.metrics.Metric;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.NodeMetrics.BackendState;
import io.trunkline.metrics.NodeMetrics.ConnectOutcome;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.HoldOutcome;
import io.trunkline.metrics.RouterMetrics.SessionState;
import io.trunkline.testing.GeneratedText;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricCatalogTest {
    private static final Path SOURCES = Path.of("../router-core/src/main/java/io/trunkline/metrics");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final RouterMetrics metrics = new MicrometerMetrics(registry);

    @Test
    void exposesEveryMetricUnderItsNameWithItsLabels() {
        touchEverything();

        String scrape = registry.scrape();

        for (Metric metric : Metric.values()) {
            String suffix = metric.type() == Metric.Type.HISTOGRAM ? "_count" : "";
            String labels = metric.labels().isEmpty()
                    ? ""
                    : "\\{"
                            + String.join(
                                    ",",
                                    metric.labels().stream()
                                            .sorted()
                                            .map(label -> label + "=\"[^\"]*\"")
                                            .toList())
                            + "}";
            assertThat(scrape)
                    .as("%s", metric)
                    .containsPattern("(?m)^" + Pattern.quote(metric.exposedName() + suffix) + labels + " ")
                    .contains("# TYPE " + metric.exposedName() + " "
                            + metric.type().name().toLowerCase(java.util.Locale.ROOT));
        }
        assertThat(scrape.lines().filter(line -> line.startsWith("# TYPE trunkline_")))
                .as("every exposed metric stands in the catalogue")
                .allMatch(line -> List.of(Metric.values()).stream()
                        .anyMatch(metric -> line.startsWith("# TYPE " + metric.exposedName())
                                || line.endsWith("_max gauge")
                                || line.endsWith("_seconds_max gauge")));
        assertThat(scrape)
                .contains(
                        "jvm_memory_used_bytes",
                        "jvm_threads_live_threads",
                        "process_cpu_usage",
                        "process_files_open_files",
                        "process_uptime_seconds");
    }

    @Test
    void namesEveryMetricInTheJavadocOfItsEvent() throws Exception {
        StringBuilder sources = new StringBuilder();
        for (String type : List.of("RouterMetrics", "RouteMetrics", "PoolMetrics", "NodeMetrics", "LoopMetrics")) {
            sources.append(Files.readString(SOURCES.resolve(type + ".java")));
        }

        String text = sources.toString();

        for (Metric metric : Metric.values()) {
            if (!metric.name().startsWith("BUFFER_")) {
                String labels = metric.labels().isEmpty() ? "" : "{" + String.join(",", metric.labels()) + "}";
                assertThat(text).contains(metric.exposedName() + labels + "}");
            }
        }
    }

    @Test
    void describesEveryMetricInTheOperatingGuide() throws Exception {
        StringBuilder table =
                new StringBuilder("\n| Metric | Type | Labels | Unit | Meaning |\n|---|---|---|---|---|\n");

        for (Metric metric : Metric.values()) {
            table.append("| `%s` | %s | %s | %s | %s |\n"
                    .formatted(
                            metric.exposedName(),
                            metric.type().name().toLowerCase(java.util.Locale.ROOT),
                            metric.labels().isEmpty() ? "" : "`" + String.join("` `", metric.labels()) + "`",
                            metric.unit(),
                            metric.meaning()));
        }

        GeneratedText.assertSection(
                Path.of("README.md"), "metrics", table.append('\n').toString());
    }

    @Test
    void givesTheSameHandleForTheSameLabels() {
        assertThat(metrics.route("c", "s", "primary", "key")).isSameAs(metrics.route("c", "s", "primary", "key"));
        assertThat(metrics.pool("c", "s", "primary")).isSameAs(metrics.pool("c", "s", "primary"));
        assertThat(metrics.node("c", "s", "n")).isSameAs(metrics.node("c", "s", "n"));
    }

    @Test
    void countsSessionsByState() {
        metrics.sessionOpened();
        metrics.sessionOpened();
        metrics.sessionMoved(SessionState.IDLE, SessionState.RUNNING);
        metrics.sessionClosed(SessionState.IDLE);

        String scrape = registry.scrape();

        assertThat(scrape)
                .contains("trunkline_sessions{state=\"idle\"} 0.0")
                .contains("trunkline_sessions{state=\"running\"} 1.0")
                .contains("trunkline_sessions{state=\"stranded\"} 0.0");
    }

    @Test
    void forgetsTheGaugesOfANodeThatIsGoneAndMakesThemAnew() {
        NodeMetrics first = metrics.node("c", "s", "n");
        first.state(NodeMetrics.NodeState.PRIMARY);
        first.removed();
        String without = registry.scrape();

        metrics.node("c", "s", "n").replicaLag(17);

        assertThat(without).doesNotContain("trunkline_node_state{").doesNotContain("trunkline_replica_lag_bytes{");
        assertThat(registry.scrape())
                .contains("trunkline_replica_lag_bytes{cluster=\"c\",node=\"n\",shard=\"s\"} 17.0")
                .contains("trunkline_node_state{cluster=\"c\",node=\"n\",shard=\"s\",state=\"unknown\"} 1.0");
    }

    @Test
    void tellsTheOldestPreparedTransactionOfAShardUntilTheShardIsGone() {
        metrics.oldestPrepared("c", "s", 31);
        metrics.oldestPrepared("c", "s", 41);
        String before = registry.scrape();

        metrics.preparedForgotten("c", "s");

        assertThat(before).contains("trunkline_prepared_transaction_age_seconds{cluster=\"c\",shard=\"s\"} 41.0");
        assertThat(registry.scrape()).doesNotContain("trunkline_prepared_transaction_age_seconds{");
    }

    @Test
    void tellsTheNumbersLeftOfASequenceUntilItIsGone() {
        metrics.sequenceValuesLeft("c", "d", "s", "ids", 4_000);
        metrics.sequenceValuesLeft("c", "d", "s", "ids", 3_999);
        String before = registry.scrape();

        metrics.sequenceForgotten("c", "d", "s", "ids");

        assertThat(before)
                .contains(
                        "trunkline_sequence_values_left{cluster=\"c\",database=\"d\",sequence=\"ids\",shard=\"s\"} 3999.0");
        assertThat(registry.scrape()).doesNotContain("trunkline_sequence_values_left{");
    }

    private void touchEverything() {
        new ProcessMeters(registry, ((ByteBufAllocatorMetricProvider) UnpooledByteBufAllocator.DEFAULT).metric());
        metrics.error(new RouterError(
                RouterError.Kind.LIMIT, ErrorResponse.of(Severity.FATAL, SqlState.TOO_MANY_CONNECTIONS, "m")));
        metrics.refused("TL0101");
        metrics.sequenceValuesLeft("c", "d", "s", "ids", 1);
        metrics.pinned("listen");
        metrics.unpinned("listen", 1);
        metrics.desynchronized("unexpected_reply");
        metrics.failoverHoldStarted();
        metrics.failoverHoldEnded(HoldOutcome.RESUMED, 1);
        metrics.route("c", "s", "primary", "key").statement(1);
        metrics.pool("c", "s", "primary").leaseWait(1);
        metrics.loop("router-loop-0").lag(1);
        metrics.oldestPrepared("c", "s", 1);
        NodeMetrics node = metrics.node("c", "s", "n");
        node.backendOpening();
        node.connectEnded(ConnectOutcome.UNREACHABLE, 1);
        node.backendClosed(BackendState.CONNECTING, "unreachable");
    }
}
