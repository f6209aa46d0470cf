// SPDX-License-Identifier: Apache-2.0
/**
 * Leases of backends, per event loop: who waits, who is served, which backends are open.
 *
 * <p>Start reading at {@link io.trunkline.pool.ShardPool}, then its class {@code BackendPool} (who waits), {@code NodePool} (what is open) and
 * {@link io.trunkline.pool.ConnectionBudget} (what may be open over all event loops). May import {@code backend}, {@code health}, {@code
 * metrics}, {@code error} and the topology's nodes.
 */
@NullMarked
package io.trunkline.pool;

import org.jspecify.annotations.NullMarked;
