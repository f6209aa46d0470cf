// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** Where a pool sends reads that a replica can serve. */
public enum ReadPolicy {
    /** To the primary. */
    PRIMARY,
    /** To a replica when one is readable, else to the primary. */
    PREFER_REPLICA,
    /** To a replica; without one the read waits and then fails. */
    REPLICA
}
