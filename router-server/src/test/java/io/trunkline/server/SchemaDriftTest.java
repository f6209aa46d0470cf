// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trunkline.server.metrics.MicrometerMetrics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchemaDriftTest {
    private static final Map<String, String> OLD = Map.of("table public.t", "1", "function public.f()", "7");
    private static final Map<String, String> NEW = Map.of("table public.t", "2", "function public.f()", "7");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final SchemaDrift drift = new SchemaDrift("c", new MicrometerMetrics(registry));

    @BeforeEach
    void twoShards() {
        drift.onShards(List.of("s0", "s1"), Set.of("app"));
    }

    private void read(int shard, Map<String, String> definitions) {
        drift.onDefinitions("app", shard, definitions);
    }

    private String gauge() {
        return registry.scrape()
                .lines()
                .filter(line -> line.startsWith("trunkline_schema_differences{"))
                .findFirst()
                .orElse("none");
    }

    private static String differences(int count) {
        return "trunkline_schema_differences{cluster=\"c\",shard=\"s1\"} " + count + ".0";
    }

    @Test
    void aDifferenceCountsWhenBothShardsHaveBeenReadAgain() {
        read(0, OLD);
        read(1, NEW);
        read(1, NEW);
        String early = gauge();

        read(0, OLD);

        assertThat(early).isEqualTo(differences(0));
        assertThat(gauge()).isEqualTo(differences(1));
    }

    @Test
    void aDefinitionMadeOnBothIsNoDifferenceThoughTheyAreReadOneAfterTheOther() {
        read(0, OLD);
        read(1, OLD);
        read(0, NEW);
        read(0, NEW);
        read(1, NEW);

        assertThat(gauge()).isEqualTo(differences(0));
    }

    @Test
    void whatIsOnOneShardOnlyIsADifferenceUntilItIsMended() {
        read(0, OLD);
        read(1, Map.of());
        read(0, OLD);
        read(1, Map.of());
        String missing = gauge();

        read(1, OLD);

        assertThat(missing).isEqualTo(differences(2));
        assertThat(gauge()).isEqualTo(differences(0));
    }

    @Test
    void shardsThatWentAreForgotten() {
        read(0, OLD);
        read(1, NEW);

        drift.onShards(List.of("s0"), Set.of("app"));

        assertThat(gauge()).isEqualTo("none");
    }
}
