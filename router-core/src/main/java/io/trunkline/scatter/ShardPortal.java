// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

/**
 * The portals of one query on its shards, which may be left and come back to within a transaction.
 *
 * @param name their name, the same on each
 * @param rowsMax the limit of the client's Execute, for each shard too; 0 for all rows that are left
 */
public record ShardPortal(String name, int rowsMax) {
    /** The unnamed portal, for a query that is run once. */
    static final ShardPortal UNNAMED = new ShardPortal("", 0);

    /** Returns the portal, on one shard, of the query that makes the client's rows of groups which this one has collected. */
    ShardPortal ofFinish() {
        return new ShardPortal(name + "_groups", rowsMax);
    }

    /** Returns true when the query may be left before its end. */
    boolean isKept() {
        return !name.isEmpty();
    }
}
