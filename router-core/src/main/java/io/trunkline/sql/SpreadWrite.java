// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.List;
import java.util.Set;

/**
 * How a write is run on several shards, so that together they do what one server with all rows would.
 *
 * <p>Ranges are of tokens, as in {@link ScatterShape}; {@link TokenText} has their text in the statement at hand. Functions are named, not judged: what one reads where it
 * runs is for routing to find out.
 */
public sealed interface SpreadWrite permits SpreadWrite.Everywhere, SpreadWrite.Rows, CopyWrite, EveryShardCommand {

    /** Returns true when the statement sends rows. */
    boolean returning();

    /**
     * Returns every identifier followed by an opening parenthesis, folded, qualified when it was ({@code pg_catalog.lower}); keywords that only look like functions are left
     * out.
     */
    Set<String> functions();

    /**
     * The statement runs as it is on every shard that may have rows: UPDATE, DELETE. Each row it writes is made of rows of one shard and of reference tables.
     *
     * @param functions as {@link SpreadWrite#functions} says
     */
    record Everywhere(boolean returning, Set<String> functions) implements SpreadWrite {
        public Everywhere {
            functions = Set.copyOf(functions);
        }

        /** A statement that calls nothing. */
        public Everywhere(boolean returning) {
            this(returning, Set.of());
        }
    }

    /**
     * INSERT ... VALUES of several rows: each shard gets its own, between head and tail, separated by commas.
     *
     * @param tokenCount how many tokens the statement has; a text with another number is another statement
     * @param head everything up to and with VALUES
     * @param rows at least two, in the order of the text
     * @param tail ON CONFLICT and RETURNING; may be empty
     * @param mayOmitRows whether ON CONFLICT may write and return fewer rows than went in: it does nothing, or updates under a condition. A trigger may
     *     omit rows whatever is said here
     * @param functions as {@link SpreadWrite#functions} says
     */
    record Rows(
            int tokenCount,
            TokenRange head,
            List<Row> rows,
            TokenRange tail,
            boolean returning,
            boolean mayOmitRows,
            Set<String> functions)
            implements SpreadWrite {
        public Rows {
            rows = List.copyOf(rows);
            functions = Set.copyOf(functions);
        }

        /** A statement that calls nothing. */
        public Rows(
                int tokenCount,
                TokenRange head,
                List<Row> rows,
                TokenRange tail,
                boolean returning,
                boolean mayOmitRows) {
            this(tokenCount, head, rows, tail, returning, mayOmitRows, Set.of());
        }
    }

    /**
     * One row.
     *
     * @param values its values, the parentheses included
     * @param key what its key is, as for an INSERT of this row alone; a parameter counts its places in the whole statement
     */
    record Row(TokenRange values, KeyCondition key) {}
}
