// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.block.NumberBlocks;
import io.trunkline.metrics.RouterMetrics;
import java.time.Duration;

/**
 * What the supply of one cluster works with.
 *
 * @param cluster the cluster's name
 * @param clock the event loop it is confined to
 * @param connector opens connections on that loop
 * @param blocks where numbers are allocated
 * @param metrics told what shards have at hand
 * @param interval from the end of a look at the shards to the next
 */
public record SupplyContext(
        String cluster,
        EventLoopClock clock,
        BackendConnector connector,
        NumberBlocks blocks,
        RouterMetrics metrics,
        Duration interval) {}
