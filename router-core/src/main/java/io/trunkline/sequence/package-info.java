// SPDX-License-Identifier: Apache-2.0
/**
 * Brings numbers of sequences over shards to the shards, before they run out of them.
 *
 * <p>Start reading at {@link io.trunkline.sequence.BlockSupply}. May import {@code backend}, {@code block}, {@code error}, {@code metrics}, {@code topology} and {@code wire}.
 */
@NullMarked
package io.trunkline.sequence;

import org.jspecify.annotations.NullMarked;
