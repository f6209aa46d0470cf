// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

/** What is timed of one event loop. Allocation-free; any thread. */
public interface LoopMetrics {
    /** A timer ran this much later than planned: {@code trunkline_event_loop_lag_seconds{loop}} histogram, seconds. */
    void lag(long nanos);
}
