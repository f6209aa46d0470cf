// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** What a catalogue knows of all functions of one name together: one bad overload spoils the name. */
public enum FunctionNature {
    /** PostgreSQL's own and not volatile, or anybody's and immutable: it sees nothing that differs between nodes or shards. */
    PURE,
    /** PostgreSQL's own and volatile: maybe a write, a lock, or an answer about the node. */
    SYSTEM_VOLATILE,
    /** Somebody's own and stable: it may read tables, so its answer depends on the shard. */
    USER_STABLE,
    /** Somebody's own and volatile: it may do anything. */
    USER_VOLATILE,
    /** No function of this name was seen. */
    UNKNOWN;

    /** Returns true when a replica may run it. */
    public boolean mayRunOnReplica() {
        return this == PURE || this == USER_STABLE;
    }

    /** Returns true when it cannot see tables of the user's, so that it does not matter on which shard it runs. */
    public boolean ignoresTables() {
        return this == PURE || this == SYSTEM_VOLATILE;
    }

    /** Returns what holds when a name stands for either function. */
    static FunctionNature worse(FunctionNature one, FunctionNature other) {
        boolean isVolatile = !one.mayRunOnReplica() || !other.mayRunOnReplica();
        boolean isUserDefined = !one.ignoresTables() || !other.ignoresTables();
        return of(isVolatile, isUserDefined);
    }

    static FunctionNature of(boolean isVolatile, boolean isUserDefined) {
        if (isUserDefined) {
            return isVolatile ? USER_VOLATILE : USER_STABLE;
        }
        return isVolatile ? SYSTEM_VOLATILE : PURE;
    }
}
