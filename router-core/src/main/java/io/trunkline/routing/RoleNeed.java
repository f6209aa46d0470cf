// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/**
 * Which nodes of a shard may run a statement. The constants are ordered: of several statements that must run together the last one in this
 * order decides.
 */
public enum RoleNeed {
    /** Any node: the statement neither reads nor writes tables (BEGIN, SET, SHOW). Alone it goes to the primary. */
    ANY,
    /** A readable replica if there is one, else the primary. */
    REPLICA_ALLOWED,
    /** A replica and nothing else: asked for by the {@code replica} policy or by name. */
    REPLICA,
    /** The primary. */
    PRIMARY;

    /** Returns the stronger of two needs. */
    public RoleNeed and(RoleNeed other) {
        return compareTo(other) >= 0 ? this : other;
    }

    /** Returns true when a replica may serve this need. */
    public boolean allowsReplica() {
        return this == REPLICA_ALLOWED || this == REPLICA;
    }
}
