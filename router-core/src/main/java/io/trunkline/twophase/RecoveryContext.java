// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.decision.DecisionLog;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.metrics.RouterMetrics;
import java.time.Duration;

/**
 * What recovery of one cluster works with.
 *
 * @param cluster the cluster's name
 * @param clock the event loop it is confined to
 * @param connector opens connections on that loop
 * @param log where it is decided
 * @param kept what the log keeps
 * @param metrics counts what was recovered
 * @param interval from the end of a round to the begin of the next
 * @param after how long a participant has to be prepared before it counts as left behind
 */
public record RecoveryContext(
        String cluster,
        EventLoopClock clock,
        BackendConnector connector,
        DecisionLog log,
        KeptDecisions kept,
        RouterMetrics metrics,
        Duration interval,
        Duration after) {}
