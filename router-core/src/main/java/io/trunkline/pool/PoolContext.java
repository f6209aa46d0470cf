// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import java.util.random.RandomGenerator;

/**
 * What the pools of one event loop share.
 *
 * @param clock the event loop that owns the pools
 * @param connector opens backends on that event loop
 * @param budget the places for backends, shared with the other event loops
 * @param metrics what is counted
 * @param suspicion hears of nodes that behave badly
 * @param random jitter of backoff and lifetimes; seeded in simulations
 */
public record PoolContext(
        EventLoopClock clock,
        BackendConnector connector,
        ConnectionBudget budget,
        RouterMetrics metrics,
        NodeSuspicion suspicion,
        RandomGenerator random) {}
