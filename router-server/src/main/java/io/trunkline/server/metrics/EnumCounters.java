// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.trunkline.metrics.Metric;

/** One counter per constant of an enum, which is the metric's only label. */
final class EnumCounters<E extends Enum<E>> {
    private final Counter[] counters;

    EnumCounters(Meters meters, Metric metric, E[] constants) {
        counters = new Counter[constants.length];
        for (E constant : constants) {
            counters[constant.ordinal()] = meters.counter(metric, Meters.label(constant));
        }
    }

    Counter of(E constant) {
        return counters[constant.ordinal()];
    }
}
