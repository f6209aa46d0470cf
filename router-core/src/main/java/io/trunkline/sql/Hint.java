// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/**
 * What a comment like <code>/* trunkline: role=primary *&#47;</code> asks of the router for one statement.
 *
 * @param role the role wanted, or null
 * @param shard the name of the shard wanted, or null
 * @param shardKey the sharding key whose shard is wanted, as text, or null
 * @param problem why the hint cannot be followed, or null; a statement with a problem must be refused, not run without its hint
 */
public record Hint(
        @Nullable Role role,
        @Nullable String shard,
        @Nullable String shardKey,
        @Nullable String problem) {
    /** No hint at all. */
    public static final Hint NONE = new Hint(null, null, null, null);

    /** Which nodes a hint may ask for. */
    public enum Role {
        /** Only the primary. */
        PRIMARY,
        /** A replica when there is one, else the primary. */
        PREFER_REPLICA,
        /** Only a replica. */
        REPLICA;

        /** Returns the role as it is written in a hint or setting, or null when there is none of that name. */
        public static @Nullable Role ofName(String name) {
            return switch (name) {
                case "primary" -> PRIMARY;
                case "prefer-replica", "prefer_replica" -> PREFER_REPLICA;
                case "replica" -> REPLICA;
                default -> null;
            };
        }
    }

    /** Returns a hint that cannot be followed. */
    static Hint invalid(String problem) {
        return new Hint(null, null, null, problem);
    }

    /** Returns true when nothing is asked. */
    public boolean isNone() {
        return equals(NONE);
    }
}
