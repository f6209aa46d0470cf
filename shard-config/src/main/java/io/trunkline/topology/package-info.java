// SPDX-License-Identifier: Apache-2.0
/** The topology document: clusters, shards, nodes, sharded tables. Start reading at {@code Topology}. */
@NullMarked
package io.trunkline.topology;

import org.jspecify.annotations.NullMarked;
