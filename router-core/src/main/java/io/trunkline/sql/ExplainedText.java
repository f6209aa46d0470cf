// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * An {@code EXPLAIN} taken apart.
 *
 * @param head its words up to the statement that is explained, options included
 * @param queryStart the index of the first byte of that statement
 */
public record ExplainedText(String head, int queryStart) {

    /**
     * Returns the parts of a statement, or null when it is no EXPLAIN.
     *
     * @param start the index of the statement's first byte
     * @param end the index behind its last byte, semicolon excluded
     * @param standardConformingStrings the setting the text was scanned with
     */
    public static @Nullable ExplainedText of(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        TokenList tokens = new TokenList();
        tokens.read(text, start, end, standardConformingStrings);
        StatementHead head = new StatementHead(tokens);
        head.read();
        int query = head.queryStart();
        return tokens.isCutOff() || head.kind() != StatementKind.EXPLAIN || query >= tokens.size()
                ? null
                : new ExplainedText(tokens.raw(0, query - 1), tokens.start(query));
    }

    /** Returns why the plans of several shards cannot become one answer, or null when they can. */
    static @Nullable Refusal problem(TokenList tokens, int query) {
        for (int i = 0; i < query; i++) {
            if (tokens.token(i).isLiteral() || tokens.token(i) == Token.QUOTED_IDENTIFIER) {
                return RefusalCode.EXPLAIN_ACROSS_SHARDS.because("one of its options is written as a string");
            }
            if (tokens.isWord(i, "generic_plan")) {
                return RefusalCode.EXPLAIN_ACROSS_SHARDS.because("it asks for a plan without parameters");
            }
            if (tokens.isWord(i, "format") && !tokens.isWord(i + 1, "text")) {
                return RefusalCode.EXPLAIN_ACROSS_SHARDS.because("its format is not TEXT");
            }
        }
        return null;
    }
}
