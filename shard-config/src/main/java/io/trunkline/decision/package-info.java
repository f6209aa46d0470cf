// SPDX-License-Identifier: Apache-2.0
/**
 * What becomes of a transaction over several shards, decided once and kept.
 *
 * <p>Start reading at {@link io.trunkline.decision.DecisionLog}. Values and interfaces only; the log itself is in
 * {@code io.trunkline.topology.zookeeper}. May import the JDK.
 */
@NullMarked
package io.trunkline.decision;

import org.jspecify.annotations.NullMarked;
