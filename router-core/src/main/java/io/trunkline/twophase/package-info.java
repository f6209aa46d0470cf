// SPDX-License-Identifier: Apache-2.0
/**
 * Commits transactions over several shards, and finishes those whose router did not.
 *
 * <p>Start reading at {@link io.trunkline.twophase.TwoPhaseCommit} and {@link io.trunkline.twophase.TransactionRecovery}. May import {@code backend}, {@code decision}, {@code error},
 * {@code metrics} and {@code wire}.
 */
@NullMarked
package io.trunkline.twophase;

import org.jspecify.annotations.NullMarked;
