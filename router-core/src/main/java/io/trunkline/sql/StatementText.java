// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * A query text as an operator may read it, being made: without any value that a client wrote.
 *
 * <p>Constants become {@code ?}; a list of constants or parameters {@code ?, ...}, and so do rows of them; comments, hints among them, are left out, and
 * white space is one blank. So texts that differ in values, or in how many there are, are one.
 */
public final class StatementText {
    /** Longer ones end in an ellipsis. */
    public static final int CHARACTERS_MAX = 1_000;

    private static final String MORE = ", ...";

    private enum Place {
        /** Not in a list of values. */
        ELSEWHERE,
        BEHIND_VALUE,
        BEHIND_COMMA
    }

    private final StringBuilder out = new StringBuilder();
    private Place place = Place.ELSEWHERE;
    /** Where the last value begins and ends, or the list that it is part of. */
    private int valueStart;

    private int valueEnd;

    private StatementText() {}

    /**
     * Returns the text between two indexes of the buffer.
     *
     * @param standardConformingStrings the setting the text is read with
     */
    public static String of(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        SqlLexer lexer = new SqlLexer();
        lexer.reset(text, start, end, standardConformingStrings);
        StatementText made = new StatementText();
        int behind = start;
        for (Token token = lexer.next(); token != Token.END && token != Token.BROKEN; token = lexer.next()) {
            if (token == Token.HINT) {
                continue;
            }
            boolean spaced = lexer.start() > behind;
            behind = lexer.end();
            if (token.isLiteral()) {
                made.value("?", spaced);
            } else if (token == Token.PARAMETER) {
                made.value(word(text, lexer), spaced);
            } else {
                made.word(word(text, lexer), spaced);
            }
            if (made.out.length() > CHARACTERS_MAX) {
                made.out.setLength(CHARACTERS_MAX);
                return made.out.append("...").toString();
            }
        }
        return made.out.toString();
    }

    private static String word(ByteBuf text, SqlLexer lexer) {
        return text.toString(lexer.start(), lexer.end() - lexer.start(), StandardCharsets.UTF_8);
    }

    private void value(String value, boolean spaced) {
        if (place == Place.BEHIND_COMMA) {
            out.setLength(valueEnd);
            out.replace(valueStart, valueEnd, "?" + MORE);
        } else {
            space(spaced);
            valueStart = out.length();
            out.append(value);
        }
        valueEnd = out.length();
        place = Place.BEHIND_VALUE;
    }

    private void word(String word, boolean spaced) {
        space(spaced);
        out.append(word);
        if (word.equals(")")) {
            dropRepeatedRow();
        }
        place = word.equals(",") && place == Place.BEHIND_VALUE ? Place.BEHIND_COMMA : Place.ELSEWHERE;
    }

    private void space(boolean spaced) {
        if (spaced && !out.isEmpty()) {
            out.append(' ');
        }
    }

    /** Of equal rows one is enough to read. */
    private void dropRepeatedRow() {
        int open = out.lastIndexOf("(");
        String before = out.substring(0, Math.max(0, open)).stripTrailing();
        if (!before.endsWith(",")) {
            return;
        }
        String first = before.substring(0, before.length() - 1);
        String row = out.substring(open);
        if (first.endsWith(row)) {
            out.setLength(0);
            out.append(first).append(MORE);
        } else if (first.endsWith(row + MORE)) {
            out.setLength(0);
            out.append(first);
        }
    }
}
