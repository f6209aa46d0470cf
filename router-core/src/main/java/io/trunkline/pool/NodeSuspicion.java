// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

/** Hears of nodes that lost a backend or refused one, so that they are probed at once instead of at the next interval. */
@FunctionalInterface
public interface NodeSuspicion {
    /** Tells nobody. */
    NodeSuspicion NONE = (cluster, node) -> {};

    /** Something on the node's side went wrong; called on the event loop that saw it, must not block. */
    void suspect(String cluster, String node);
}
