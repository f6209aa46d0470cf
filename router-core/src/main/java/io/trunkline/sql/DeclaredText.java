// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A {@code DECLARE ... CURSOR FOR} taken apart.
 *
 * @param name of the cursor
 * @param queryStart the index of the first byte of its query
 * @see <a href="https://www.postgresql.org/docs/18/sql-declare.html">DECLARE</a>
 */
public record DeclaredText(String name, int queryStart) {

    /**
     * Returns the parts of a statement, or null when it is no DECLARE.
     *
     * @param start the index of the statement's first byte
     * @param end the index behind its last byte, semicolon excluded
     * @param standardConformingStrings the setting the text was scanned with
     */
    public static @Nullable DeclaredText of(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        TokenList tokens = new TokenList();
        tokens.read(text, start, end, standardConformingStrings);
        StatementHead head = new StatementHead(tokens);
        head.read();
        int query = head.queryStart();
        return tokens.isCutOff() || head.kind() != StatementKind.DECLARE_CURSOR || query >= tokens.size()
                ? null
                : new DeclaredText(tokens.name(1), tokens.start(query));
    }

    /** Returns why the cursor cannot be one over several shards, or null when it can. */
    static @Nullable Refusal problem(TokenList tokens, int query) {
        // DECLARE name option ... CURSOR ... FOR
        for (int i = 2; i < query; i++) {
            if (tokens.isWord(i, "binary")) {
                return RefusalCode.CURSOR_ACROSS_SHARDS.because("it is BINARY");
            }
            if (tokens.isWord(i, "scroll") && !tokens.isWord(i - 1, "no")) {
                return RefusalCode.CURSOR_ACROSS_SHARDS.because("it is SCROLL");
            }
            if (tokens.isSequence(i, "with", "hold")) {
                return RefusalCode.CURSOR_ACROSS_SHARDS.because("it is WITH HOLD");
            }
        }
        return null;
    }
}
