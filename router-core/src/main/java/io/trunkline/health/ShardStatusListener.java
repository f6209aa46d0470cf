// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

/** Hears of every change in what the nodes of a cluster are good for. */
@FunctionalInterface
public interface ShardStatusListener {
    /** The state, timeline, role or membership of a node changed; called on the monitor's event loop, must not block. */
    void onShardStatus(String cluster, ShardStatus status);
}
