// SPDX-License-Identifier: Apache-2.0
/**
 * Where a statement may run: which shard, which role, and why. Pure decisions; nothing here does I/O, waits or logs.
 *
 * <p>Start reading at {@code StatementRouter}. May import {@code sql}, {@code wire}, {@code error} and the topology.
 */
@NullMarked
package io.trunkline.routing;

import org.jspecify.annotations.NullMarked;
