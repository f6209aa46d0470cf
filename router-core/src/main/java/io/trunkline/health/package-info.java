// SPDX-License-Identifier: Apache-2.0
/**
 * What the nodes of a cluster are, found by probes on connections of their own.
 *
 * <p>Start reading at {@link io.trunkline.health.ClusterMonitor}; {@code ShardAssessment} holds the rules, {@code Observation} the question.
 * May import {@code backend}, {@code metrics}, {@code error} and the topology.
 */
@NullMarked
package io.trunkline.health;

import org.jspecify.annotations.NullMarked;
