// SPDX-License-Identifier: Apache-2.0
/** Leases of backends, per event loop. Start reading at {@code ShardPool}. */
@NullMarked
package io.trunkline.pool;

import org.jspecify.annotations.NullMarked;
