// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * A command about tables or other objects that every shard has: it runs there in the same words.
 *
 * @param form how it runs
 * @param storesText whether rows of reference tables get the value of a string in it
 */
public record EveryShardCommand(Form form, boolean storesText) implements SpreadWrite {

    /** How a command runs on every shard. */
    public enum Form {
        /** A definition, or TRUNCATE: in one transaction, and not while a reference table is written. */
        DEFINITION,
        /** In one transaction. */
        TOGETHER,
        /** In the client's transaction; PostgreSQL refuses it outside. */
        IN_BLOCK,
        /** In the client's transaction; outside, on one shard after the other, for PostgreSQL may refuse it in a transaction. */
        AS_SENT,
        /** On one shard after the other, for PostgreSQL refuses it in a transaction. */
        SEPARATELY
    }

    @Override
    public boolean returning() {
        return false;
    }

    @Override
    public Set<String> functions() {
        return Set.of();
    }
}
