// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import net.sf.jsqlparser.expression.DoubleValue;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.StringValue;

/**
 * A statement rewritten so that JSqlParser can do no harm: comments gone, every constant replaced by a marker that tells which one it was.
 *
 * <p>Operators outside standard SQL become {@code ||} or {@code ~} (see {@link OperatorMarks}). Strings of every form become {@code 'tk7'}, whole numbers {@code 1000000007} and other numbers {@code 1000000007.5} for the literal with index 7. What
 * backslashes, dollar quotes and nested comments mean to the other parser then no longer matters. A tree is believed only when
 * {@link #hasSameTokens} says that, written out, it is this very statement.
 */
final class MarkedStatement {
    private static final String STRING_PREFIX = "tk";
    private static final int NUMBER_BASE = 1_000_000_000;

    private final TokenList tokens;
    private final String text;
    private final int literalCount;

    private MarkedStatement(TokenList tokens, String text, int literalCount) {
        this.tokens = tokens;
        this.text = text;
        this.literalCount = literalCount;
    }

    /**
     * Marks the tokens from {@code first} to {@code last} of a statement; literals count from the first token of the whole statement.
     *
     * @param source the tokens of the whole statement
     */
    static MarkedStatement of(TokenList source, int first, int last) {
        StringBuilder marked = new StringBuilder();
        int literal = 0;
        for (int i = 0; i < first; i++) {
            literal += source.token(i).isLiteral() ? 1 : 0;
        }
        for (int i = first; i <= last; i++) {
            if (i > first && source.start(i) > source.end(i - 1)) {
                marked.append(' ');
            }
            Token token = source.token(i);
            int behindOperator = OperatorMarks.behind(source, i, last);
            if (behindOperator > i) {
                marked.append(OperatorMarks.mark(source, i, first));
                i = behindOperator - 1;
            } else if (token.isLiteral()) {
                appendMarker(marked, token, literal);
                literal++;
            } else {
                marked.append(source.raw(i));
            }
        }
        String text = marked.toString();
        return new MarkedStatement(tokens(text), text, literal);
    }

    private static void appendMarker(StringBuilder marked, Token token, int literal) {
        switch (token) {
            case INTEGER -> marked.append(NUMBER_BASE + literal);
            case NUMERIC -> marked.append(NUMBER_BASE + literal).append(".5");
            // These have types of their own, so no key may be read from them: a marker without a number.
            case NATIONAL_STRING, UNICODE_STRING, BIT_STRING ->
                marked.append("'").append(STRING_PREFIX).append("'");
            default -> marked.append("'").append(STRING_PREFIX).append(literal).append("'");
        }
    }

    private static TokenList tokens(String text) {
        ByteBuf bytes = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
        TokenList tokens = new TokenList();
        tokens.read(bytes, 0, bytes.writerIndex(), true);
        return tokens;
    }

    /** Returns the text to parse. */
    String text() {
        return text;
    }

    /** Returns how often an unquoted word stands in the statement. */
    int count(String word) {
        int count = 0;
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isWord(i, word)) {
                count++;
            }
        }
        return count;
    }

    /** Returns in how many places the statement has a parameter; one with leading zeros the tree writes without, and so is not believed. */
    int parameterCount(int number) {
        int count = 0;
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.token(i) == Token.PARAMETER && tokens.raw(i).equals("$" + number)) {
                count++;
            }
        }
        return count;
    }

    /** Returns true when another text has the same tokens, words that may be left out aside. */
    boolean hasSameTokens(String other) {
        TokenList others = tokens(other);
        int i = 0;
        int k = 0;
        while (true) {
            i = behindOptional(tokens, i);
            k = behindOptional(others, k);
            if (i == tokens.size() || k == others.size()) {
                return i == tokens.size() && k == others.size() && !others.isCutOff();
            }
            if (!isSame(tokens, i, others, k)) {
                return false;
            }
            i++;
            k++;
        }
    }

    private static int behindOptional(TokenList tokens, int from) {
        int i = from;
        while (tokens.isWord(i, "as", "inner", "outer")) {
            i++;
        }
        return i;
    }

    private static boolean isSame(TokenList left, int i, TokenList right, int k) {
        if (left.token(i) != right.token(k)) {
            return false;
        }
        return left.token(i) == Token.IDENTIFIER
                ? left.name(i).equals(right.name(k))
                : left.raw(i).equals(right.raw(k));
    }

    /** Returns the index of the literal that a string marker stands for, or -1. */
    int literal(StringValue value) {
        return value.getPrefix() == null ? literalOfString(value.getValue()) : -1;
    }

    /** Returns the index of the literal that a quoted marker stands for, or -1. */
    int literalOfQuoted(String quoted) {
        boolean isQuoted = quoted.length() > 2 && quoted.startsWith("'") && quoted.endsWith("'");
        return isQuoted ? literalOfString(quoted.substring(1, quoted.length() - 1)) : -1;
    }

    /** Returns the index of the literal that a whole number stands for, or -1. */
    int literal(LongValue value) {
        return index(value.getStringValue(), NUMBER_BASE);
    }

    /** Returns the index of the literal that a number with a point stands for, or -1. */
    int literal(DoubleValue value) {
        String number = value.toString();
        return number.endsWith(".5") ? index(number.substring(0, number.length() - 2), NUMBER_BASE) : -1;
    }

    private int literalOfString(String value) {
        return value.startsWith(STRING_PREFIX) ? index(value.substring(STRING_PREFIX.length()), 0) : -1;
    }

    private int index(String digits, int base) {
        if (digits.isEmpty() || digits.length() > 10 || !digits.chars().allMatch(SqlLexer::isDigit)) {
            return -1;
        }
        long index = Long.parseLong(digits) - base;
        return index >= 0 && index < literalCount ? (int) index : -1;
    }
}
