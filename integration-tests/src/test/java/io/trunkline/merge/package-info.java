// SPDX-License-Identifier: Apache-2.0
/**
 * What the router knows of PostgreSQL's values when it merges rows, compared with servers.
 *
 * <p>Start reading at {@link io.trunkline.merge.MergeOrderIT}.
 */
@NullMarked
package io.trunkline.merge;

import org.jspecify.annotations.NullMarked;
