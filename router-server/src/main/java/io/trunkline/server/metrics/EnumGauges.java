// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.metrics.Metric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** One gauge per constant of an enum, which is the metric's last label. Moving a thing between constants allocates nothing. */
@SharedAcrossLoops("each count is a LongAdder; the array never changes")
final class EnumGauges<E extends Enum<E>> {
    private final LongAdder[] counts;
    private final List<Gauge> gauges = new ArrayList<>();

    EnumGauges(Meters meters, Metric metric, E[] constants, String... leadingLabels) {
        counts = new LongAdder[constants.length];
        for (E constant : constants) {
            LongAdder count = new LongAdder();
            counts[constant.ordinal()] = count;
            String[] labels = Arrays.copyOf(leadingLabels, leadingLabels.length + 1);
            labels[leadingLabels.length] = Meters.label(constant);
            gauges.add(meters.gauge(metric, count, LongAdder::sum, labels));
        }
    }

    void enter(E constant) {
        counts[constant.ordinal()].increment();
    }

    void leave(E constant) {
        counts[constant.ordinal()].decrement();
    }

    void remove(Meters meters) {
        gauges.forEach(meters::remove);
    }
}
