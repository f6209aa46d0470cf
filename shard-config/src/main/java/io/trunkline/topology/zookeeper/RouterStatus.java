// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

/**
 * A router that lives, as ZooKeeper knows it.
 *
 * @param router what it tells of itself
 * @param appliedRevision the revision it has applied, 0 when it has applied none
 */
public record RouterStatus(RouterInfo router, long appliedRevision) {}
