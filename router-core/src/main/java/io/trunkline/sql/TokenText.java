// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.ScatterShape.SameText;
import io.trunkline.sql.ScatterShape.TokenRange;
import org.jspecify.annotations.Nullable;

/**
 * The text of one statement by its tokens, as {@link ScatterShape} and {@link SpreadWrite} count them. The buffer is borrowed for as long as this is used; confined to one thread.
 */
public final class TokenText {
    private final TokenList tokens;

    private TokenText(TokenList tokens) {
        this.tokens = tokens;
    }

    /**
     * Returns the text of a statement, or null when the shape is not of this statement: it has other tokens, or literals differ that the shape takes to be equal.
     *
     * @param start the index of the statement's first byte
     * @param end the index behind its last byte, semicolon excluded
     * @param standardConformingStrings the setting the text was scanned with
     */
    public static @Nullable TokenText of(
            ScatterShape shape, ByteBuf text, int start, int end, boolean standardConformingStrings) {
        TokenText found = of(shape.tokenCount(), text, start, end, standardConformingStrings);
        if (found == null) {
            return null;
        }
        for (SameText same : shape.sameTexts()) {
            if (!found.raw(same.token()).equals(found.raw(same.other()))) {
                return null;
            }
        }
        return found;
    }

    /**
     * Returns the text of a statement, or null when it has another number of tokens.
     *
     * @param tokenCount how many tokens the shape says it has
     * @param start the index of the statement's first byte
     * @param end the index behind its last byte, semicolon excluded
     * @param standardConformingStrings the setting the text was scanned with
     */
    public static @Nullable TokenText of(
            int tokenCount, ByteBuf text, int start, int end, boolean standardConformingStrings) {
        TokenList tokens = new TokenList();
        tokens.read(text, start, end, standardConformingStrings);
        return tokens.isCutOff() || tokens.size() != tokenCount ? null : new TokenText(tokens);
    }

    /** Returns the text from the first byte of a range to its last, comments inside included. */
    public String text(TokenRange range) {
        return range.isEmpty() ? "" : tokens.raw(range.from(), range.to() - 1);
    }

    /** Returns one token as it is written. */
    public String raw(int token) {
        return tokens.raw(token);
    }

    /** Returns true when a token is a constant: a string of any form, or a number. */
    public boolean isLiteral(int token) {
        return tokens.token(token).isLiteral();
    }

    /** Returns the whole number that a token is, or -1 when it is not one in plain digits that fits. */
    public long number(int token) {
        return number(tokens, token);
    }

    static long number(TokenList tokens, int i) {
        String digits = tokens.token(i) == Token.INTEGER ? tokens.raw(i) : "";
        boolean plain =
                !digits.isEmpty() && digits.length() <= 18 && digits.chars().allMatch(SqlLexer::isDigit);
        return plain ? Long.parseLong(digits) : -1;
    }
}
