// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A COPY from or to the client, with the values of its options.
 *
 * @param qualifiedTable the table, quoted, with its schema if the statement names it; empty for the COPY of a query
 * @param table the folded name of the table, without its schema; empty for the COPY of a query
 * @param columns the folded names of the columns in the order of the data; empty when the statement names none
 * @param options how the data are written
 */
public record CopyStatement(String qualifiedTable, String table, List<String> columns, CopyOptions options) {
    /** Copies the list. */
    public CopyStatement {
        columns = List.copyOf(columns);
    }

    /**
     * What came of reading a statement; exactly one of the two is there.
     *
     * @param statement what it says
     * @param refusal why it cannot be run on several shards
     */
    public record Reading(
            @Nullable CopyStatement statement, @Nullable Refusal refusal) {}

    /**
     * Reads the statement between two indexes.
     *
     * @param text in UTF-8 or ASCII; borrowed
     */
    public static Reading read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        TokenList tokens = new TokenList();
        tokens.read(text, start, end, standardConformingStrings);
        try {
            CopySyntax syntax = CopySyntax.read(tokens);
            return new Reading(new CopyValues(tokens, syntax, text, standardConformingStrings).statement(), null);
        } catch (RefusedStatement refused) {
            return new Reading(null, refused.refusal());
        }
    }
}
