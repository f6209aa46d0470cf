// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** The kinds of token {@link SqlLexer} tells apart. */
enum Token {
    /** The text is over. */
    END(false),
    /** The text cannot be lexed further: an unterminated quote or comment, or something that servers of different majors read differently. */
    BROKEN(false),
    /** A comment that addresses the router; every other comment is white space. */
    HINT(false),
    /** An unquoted identifier or keyword; its case is not significant. */
    IDENTIFIER(false),
    /** {@code "..."}. */
    QUOTED_IDENTIFIER(false),
    /** {@code U&"..."}, maybe followed by {@code UESCAPE}. */
    UNICODE_IDENTIFIER(false),
    /** {@code '...'}, continuations included. */
    STRING(true),
    /** {@code E'...'}, and {@code '...'} while {@code standard_conforming_strings} is off. */
    ESCAPE_STRING(true),
    /** {@code $tag$...$tag$}. */
    DOLLAR_STRING(true),
    /** {@code N'...'}, which PostgreSQL reads as a {@code bpchar}. */
    NATIONAL_STRING(true),
    /** {@code U&'...'}, maybe followed by {@code UESCAPE}. */
    UNICODE_STRING(true),
    /** {@code B'...'} or {@code X'...'}. */
    BIT_STRING(true),
    /** Digits only, in any base, with or without underscores. */
    INTEGER(true),
    /** A number with a point or an exponent. */
    NUMERIC(true),
    /** {@code $1}. */
    PARAMETER(false),
    /** A run of operator characters that PostgreSQL takes as one operator. */
    OPERATOR(false),
    /** A single character that stands for itself, {@code ::}, {@code :=} or {@code ..}. */
    PUNCTUATION(false);

    private final boolean literal;

    Token(boolean literal) {
        this.literal = literal;
    }

    /** Returns true for constants: strings of every form and numbers. */
    boolean isLiteral() {
        return literal;
    }

    /** Returns true for names in any spelling, keywords included. */
    boolean isName() {
        return this == IDENTIFIER || this == QUOTED_IDENTIFIER || this == UNICODE_IDENTIFIER;
    }
}
