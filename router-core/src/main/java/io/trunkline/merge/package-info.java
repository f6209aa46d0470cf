// SPDX-License-Identifier: Apache-2.0
/**
 * The rows of several shards becoming the rows one PostgreSQL would have sent. No I/O; confined to one event loop.
 *
 * <p>Start reading at {@code MergedRows}. May import {@code wire} and {@code error}.
 */
@NullMarked
package io.trunkline.merge;

import org.jspecify.annotations.NullMarked;
