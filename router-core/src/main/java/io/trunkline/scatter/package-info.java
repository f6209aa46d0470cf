// SPDX-License-Identifier: Apache-2.0
/**
 * One query on several shards at once: asked what it returns, rewritten, run everywhere, its rows merged into one answer.
 *
 * <p>Start reading at {@link io.trunkline.scatter.ScatteredQuery}, then {@link io.trunkline.scatter.ScatterPlanner}. May import {@code backend},
 * {@code merge}, {@code metrics}, {@code pool}, {@code prepared}, {@code routing}, {@code sql}, {@code wire} and {@code error}.
 */
@NullMarked
package io.trunkline.scatter;

import org.jspecify.annotations.NullMarked;
