// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/** What the topology says of a node's role. */
public enum NodeRole {
    /** The primary. */
    PRIMARY,
    /** A replica. */
    REPLICA,
    /** Found by probing. */
    AUTO
}
