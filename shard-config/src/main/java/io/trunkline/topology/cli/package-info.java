// SPDX-License-Identifier: Apache-2.0
/**
 * The commands under {@code topology}: check, compare, publish, roll back and show topology documents.
 *
 * <p>Start reading at {@link io.trunkline.topology.cli.TopologyCommand}. May import picocli, and ZooKeeper only through
 * {@code io.trunkline.topology.zookeeper}.
 */
@NullMarked
package io.trunkline.topology.cli;

import org.jspecify.annotations.NullMarked;
