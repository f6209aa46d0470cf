// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.backend.BackendTarget;
import org.jspecify.annotations.Nullable;

/**
 * A shard, and where it takes writes.
 *
 * @param shard its name
 * @param primary null while none is known
 */
public record ShardPrimary(String shard, @Nullable BackendTarget primary) {}
