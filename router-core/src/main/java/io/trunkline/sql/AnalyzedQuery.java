// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that routing knows of one query text, without its literals; shared by every text with the same fingerprint.
 *
 * @param shape what the lexer says, statement by statement
 * @param sharding what the tree says, statement by statement, null where it is not needed; empty where the cluster has one shard, and no dry run
 * @param text for a dry run the text without values, else null
 * @param provisional whether the tree has not been read, and what it says is open for the moment
 */
public record AnalyzedQuery(
        QueryShape shape,
        List<@Nullable ShardingShape> sharding,
        @Nullable String text,
        boolean provisional) {
    /** What is known for good. */
    public AnalyzedQuery(QueryShape shape, List<@Nullable ShardingShape> sharding, @Nullable String text) {
        this(shape, sharding, text, false);
    }

    /** What is known without a dry run. */
    public AnalyzedQuery(QueryShape shape, List<@Nullable ShardingShape> sharding) {
        this(shape, sharding, null);
    }

    /** What is known of a text while there is no room to read its tree. */
    public static AnalyzedQuery unread(QueryShape shape) {
        return new AnalyzedQuery(shape, List.of(), null, true);
    }
}
