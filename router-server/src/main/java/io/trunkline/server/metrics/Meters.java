// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.trunkline.metrics.Metric;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Makes the meters of the catalogue: the right type, labels in the catalogue's order, the same buckets for every histogram. */
final class Meters {
    /** Upper bounds from a local round trip to a failover. More bounds would cost a time series each per route. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(100_000),
        Duration.ofNanos(250_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofNanos(2_500_000),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };

    private final MeterRegistry registry;

    Meters(MeterRegistry registry) {
        this.registry = registry;
    }

    Counter counter(Metric metric, String... labels) {
        assert metric.type() == Metric.Type.COUNTER : metric;
        return Counter.builder(metric.exposedName())
                .description(metric.meaning())
                .tags(tags(metric, labels))
                .register(registry);
    }

    Timer timer(Metric metric, String... labels) {
        assert metric.type() == Metric.Type.HISTOGRAM : metric;
        return Timer.builder(metric.exposedName())
                .description(metric.meaning())
                .tags(tags(metric, labels))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    /** The registry keeps only a weak reference to the source: the caller keeps it. */
    <T> Gauge gauge(Metric metric, T source, ToDoubleFunction<T> value, String... labels) {
        assert metric.type() == Metric.Type.GAUGE : metric;
        return Gauge.builder(metric.exposedName(), source, value)
                .description(metric.meaning())
                .tags(tags(metric, labels))
                .register(registry);
    }

    void remove(Meter meter) {
        registry.remove(meter);
    }

    /** Returns an enum constant as a label value: lower case. */
    static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static Tags tags(Metric metric, String... values) {
        List<String> names = metric.labels();
        if (names.size() != values.length) {
            throw new IllegalArgumentException(metric + " has labels " + names);
        }
        String[] pairs = new String[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            pairs[2 * i] = names.get(i);
            pairs[2 * i + 1] = values[i];
        }
        return Tags.of(pairs);
    }
}
