// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A cursor over the tokens of one SQL text, by the rules of PostgreSQL's own scanner.
 *
 * <p>Reusable and allocation-free; confined to one thread. The text is borrowed until the next {@link #reset}. Bytes of 0x80 and above are
 * identifier characters, as in PostgreSQL. That is exact for UTF-8 and every single-byte encoding, and wrong for SJIS, BIG5, GBK, GB18030, UHC
 * and JOHAB, whose second bytes may look like quotes and backslashes: the caller must not offer text in those.
 *
 * <p>Majors differ in two places. From 16 on, numbers may carry underscores and base prefixes; from 15 on, a number must not touch a following
 * identifier. Where the difference could move the end of a quote (<code>1_0$a$...</code> is a number and a string for 16, and {@code 1} with the alias
 * <code>_0$a$</code> for 14) the text is {@link Token#BROKEN}.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/parser/scan.l">scan.l</a>
 */
final class SqlLexer {
    private static final String HINT_PREFIX = "trunkline:";

    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private int limit;
    private boolean standardConformingStrings;
    private int position;
    private int start;
    private int signsEnd;

    /** Starts over at {@code start}; positions are absolute indexes of the buffer. */
    void reset(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        this.text = text;
        this.position = start;
        this.start = start;
        this.limit = end;
        this.signsEnd = start;
        this.standardConformingStrings = standardConformingStrings;
    }

    /** Returns the index of the current token's first byte. */
    int start() {
        return start;
    }

    /** Returns the index behind the current token's last byte. */
    int end() {
        return position;
    }

    /** Moves to the next token. After {@link Token#BROKEN} nothing further may be asked. */
    Token next() {
        Token skipped = skipSpace();
        if (skipped != Token.END) {
            return skipped;
        }
        start = position;
        if (position >= limit) {
            return Token.END;
        }
        int c = at(position);
        switch (c) {
            case '\'':
                return quoted(position + 1, !standardConformingStrings, escapeOrPlain());
            case '"':
                return quotedIdentifier(position + 1, Token.QUOTED_IDENTIFIER);
            case '$':
                return dollar();
            case '.':
                return dot();
            case ':':
                position += at(position + 1) == ':' || at(position + 1) == '=' ? 2 : 1;
                return Token.PUNCTUATION;
            case 0:
                return Token.BROKEN;
            default:
                break;
        }
        if (isDigit(c)) {
            return number();
        }
        if (isIdentifierStart(c)) {
            return word(c);
        }
        if (isOperatorCharacter(c)) {
            return operator();
        }
        position++;
        return Token.PUNCTUATION;
    }

    /** Returns true when the current token is the unquoted word given in lower case. */
    boolean isWord(String lowerCase) {
        int length = lowerCase.length();
        if (position - start != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (fold(text.getByte(start + i)) != lowerCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns true when the current token is the single character given. */
    boolean isCharacter(char c) {
        return position - start == 1 && text.getByte(start) == c;
    }

    private Token escapeOrPlain() {
        return standardConformingStrings ? Token.STRING : Token.ESCAPE_STRING;
    }

    /** Skips white space and comments; returns END when a token (or the end) follows, HINT or BROKEN otherwise. */
    private Token skipSpace() {
        while (position < limit) {
            int c = at(position);
            if (isSpace(c)) {
                position++;
            } else if (c == '-' && at(position + 1) == '-') {
                start = position;
                skipLineComment();
                if (isHint(start + 2)) {
                    return Token.HINT;
                }
            } else if (c == '/' && at(position + 1) == '*') {
                start = position;
                if (!skipBlockComment()) {
                    return Token.BROKEN;
                }
                if (isHint(start + 2)) {
                    return Token.HINT;
                }
            } else {
                break;
            }
        }
        return Token.END;
    }

    private void skipLineComment() {
        while (position < limit && !isNewline(at(position))) {
            position++;
        }
    }

    private boolean skipBlockComment() {
        int depth = 0;
        while (position < limit) {
            int c = at(position);
            if (c == '/' && at(position + 1) == '*') {
                depth++;
                position += 2;
            } else if (c == '*' && at(position + 1) == '/') {
                depth--;
                position += 2;
                if (depth == 0) {
                    return true;
                }
            } else {
                position++;
            }
        }
        return false;
    }

    private boolean isHint(int from) {
        int i = from;
        while (i < position && isSpace(at(i))) {
            i++;
        }
        for (int k = 0; k < HINT_PREFIX.length(); k++) {
            if (i + k >= position || fold(at(i + k)) != HINT_PREFIX.charAt(k)) {
                return false;
            }
        }
        return true;
    }

    /** Reads the rest of a quoted constant whose first quote ends at {@code from}, and its continuations on further lines. */
    private Token quoted(int from, boolean backslashEscapes, Token token) {
        position = from;
        while (true) {
            if (!skipToClosingQuote(backslashEscapes)) {
                return Token.BROKEN;
            }
            int continuation = continuation();
            if (continuation < 0) {
                return token;
            }
            position = continuation;
        }
    }

    private boolean skipToClosingQuote(boolean backslashEscapes) {
        while (position < limit) {
            int c = at(position++);
            if (c == '\\' && backslashEscapes) {
                position++;
            } else if (c == '\'') {
                if (at(position) != '\'') {
                    return true;
                }
                position++;
            } else if (c == 0) {
                return false;
            }
        }
        return false;
    }

    /** Returns the index behind the quote that continues the constant, or -1. Between the parts must be white space with a newline. */
    private int continuation() {
        int i = position;
        boolean newline = false;
        while (i < limit) {
            int c = at(i);
            if (isNewline(c)) {
                newline = true;
                i++;
            } else if (isSpace(c)) {
                i++;
            } else if (c == '-' && at(i + 1) == '-') {
                while (i < limit && !isNewline(at(i))) {
                    i++;
                }
            } else {
                return c == '\'' && newline ? i + 1 : -1;
            }
        }
        return -1;
    }

    private Token quotedIdentifier(int from, Token token) {
        position = from;
        while (position < limit) {
            int c = at(position++);
            if (c == 0) {
                return Token.BROKEN;
            }
            if (c == '"') {
                if (at(position) != '"') {
                    // PostgreSQL: zero-length delimited identifier
                    return position - 1 == from ? Token.BROKEN : token;
                }
                position++;
            }
        }
        return Token.BROKEN;
    }

    private Token dollar() {
        int i = position + 1;
        if (isDigit(at(i))) {
            while (isDigit(at(i))) {
                i++;
            }
            position = i;
            return Token.PARAMETER;
        }
        if (isIdentifierStart(at(i))) {
            i++;
            while (isIdentifierStart(at(i)) || isDigit(at(i))) {
                i++;
            }
        }
        if (at(i) != '$') {
            position++;
            return Token.PUNCTUATION;
        }
        int delimiterBytes = i + 1 - start;
        position = i + 1;
        return skipToDelimiter(delimiterBytes) ? Token.DOLLAR_STRING : Token.BROKEN;
    }

    private boolean skipToDelimiter(int delimiterBytes) {
        while (true) {
            int dollar = text.indexOf(position, limit, (byte) '$');
            if (dollar < 0 || dollar + delimiterBytes > limit) {
                position = limit;
                return false;
            }
            position = dollar + 1;
            int matched = 1;
            while (matched < delimiterBytes && at(dollar + matched) == at(start + matched)) {
                matched++;
            }
            if (matched == delimiterBytes) {
                position = dollar + delimiterBytes;
                return true;
            }
        }
    }

    private Token dot() {
        if (isDigit(at(position + 1))) {
            return number();
        }
        position += at(position + 1) == '.' ? 2 : 1;
        return Token.PUNCTUATION;
    }

    private Token number() {
        int base = at(position) == '0' ? base(at(position + 1)) : 10;
        if (base != 10) {
            int end = digits(position + 2, base, true);
            if (end > position + 2) {
                position = end;
                return isIdentifierStart(at(end)) || at(end) == '$' ? Token.BROKEN : Token.INTEGER;
            }
        }
        int i = digits(position, 10, false);
        Token token = Token.INTEGER;
        // "1..10" is 1, "..", 10
        if (at(i) == '.' && at(i + 1) != '.') {
            token = Token.NUMERIC;
            i = digits(i + 1, 10, false);
        }
        if (at(i) == 'e' || at(i) == 'E') {
            int exponent = at(i + 1) == '+' || at(i + 1) == '-' ? i + 2 : i + 1;
            if (isDigit(at(exponent))) {
                token = Token.NUMERIC;
                i = digits(exponent, 10, false);
            }
        }
        position = i;
        boolean touching = isIdentifierStart(at(i)) || at(i) == '$';
        return touching && text.indexOf(start, i, (byte) '_') >= 0 ? Token.BROKEN : token;
    }

    private static int base(int c) {
        return switch (c) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 10;
        };
    }

    /** Returns the index behind digits that single underscores may separate. */
    private int digits(int from, int base, boolean underscoreFirst) {
        int i = from;
        while (true) {
            int digit = at(i) == '_' && (underscoreFirst || i > from) ? i + 1 : i;
            if (Character.digit(at(digit), base) < 0 || at(digit) >= 0x80) {
                return i;
            }
            i = digit + 1;
        }
    }

    private Token word(int c) {
        int next = at(position + 1);
        if (next == '\'') {
            switch (c) {
                case 'b', 'B', 'x', 'X':
                    return quoted(position + 2, false, Token.BIT_STRING);
                case 'e', 'E':
                    return quoted(position + 2, true, Token.ESCAPE_STRING);
                case 'n', 'N':
                    return quoted(position + 2, !standardConformingStrings, Token.NATIONAL_STRING);
                default:
                    break;
            }
        }
        if ((c == 'u' || c == 'U') && next == '&') {
            if (at(position + 2) == '\'') {
                // PostgreSQL refuses these while standard_conforming_strings is off.
                return standardConformingStrings ? quoted(position + 3, false, Token.UNICODE_STRING) : Token.BROKEN;
            }
            if (at(position + 2) == '"') {
                return quotedIdentifier(position + 3, Token.UNICODE_IDENTIFIER);
            }
        }
        position++;
        while (position < limit) {
            int part = at(position);
            if (!isIdentifierStart(part) && !isDigit(part) && part != '$') {
                break;
            }
            position++;
        }
        return Token.IDENTIFIER;
    }

    private Token operator() {
        if (position < signsEnd) {
            position++;
            return Token.OPERATOR;
        }
        int end = position;
        boolean extension = false;
        int lastOther = position;
        while (end < limit && isOperatorCharacter(at(end)) && (end == position || !isCommentStart(end))) {
            int c = at(end);
            extension |= "~!@#^&|`?%".indexOf(c) >= 0;
            lastOther = c == '+' || c == '-' ? lastOther : end;
            end++;
        }
        // "=-" is two operators and "@-" is one: only a character outside standard SQL allows + or - at the end. What
        // is cut off here is
        // signs only, each an operator of its own; to remember how many keeps a long row of them from being walked once
        // for each.
        position = extension ? end : lastOther + 1;
        signsEnd = end;
        return Token.OPERATOR;
    }

    private boolean isCommentStart(int i) {
        return at(i) == '-' && at(i + 1) == '-' || at(i) == '/' && at(i + 1) == '*';
    }

    /** Returns the byte at an index, unsigned, or -1 behind the end. */
    private int at(int index) {
        return index < limit ? text.getByte(index) & 0xff : -1;
    }

    static boolean isSpace(int c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    static boolean isIdentifierStart(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80;
    }

    private static boolean isNewline(int c) {
        return c == '\n' || c == '\r';
    }

    private static boolean isOperatorCharacter(int c) {
        return switch (c) {
            case '~', '!', '@', '#', '^', '&', '|', '`', '?', '+', '-', '*', '/', '%', '<', '>', '=' -> true;
            default -> false;
        };
    }

    /** Returns an ASCII letter in lower case, every other byte unchanged. */
    static int fold(int c) {
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    }
}
