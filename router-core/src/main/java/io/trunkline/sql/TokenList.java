// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * The tokens of one statement, for readers that look back and ahead. Hints are kept aside.
 *
 * <p>Reusable; confined to one thread. The text is borrowed until the next {@link #read}. Questions about an index behind the last token are
 * answered with {@link Token#END} and no.
 */
final class TokenList {
    /** A statement with more tokens is cut off here, and says so. */
    static final int TOKENS_MAX = 1 << 20;

    /** PostgreSQL's NAMEDATALEN less the terminating zero. */
    static final int NAME_BYTES_MAX = 63;

    private static final int CAPACITY_KEPT = 8_192;

    private final SqlLexer lexer = new SqlLexer();
    private final HintReader hints = new HintReader();
    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private Token[] tokens = new Token[256];
    private int[] starts = new int[256];
    private int[] ends = new int[256];
    private int size;
    private boolean cutOff;

    /** Reads the statement between two indexes, its semicolon excluded. */
    void read(ByteBuf text, int start, int end, boolean standardConformingStrings) {
        this.text = text;
        size = 0;
        cutOff = false;
        hints.reset();
        if (tokens.length > CAPACITY_KEPT) {
            resize(CAPACITY_KEPT);
        }
        lexer.reset(text, start, end, standardConformingStrings);
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.BROKEN) {
                cutOff = true;
                break;
            }
            if (token == Token.HINT) {
                hints.add(text, lexer.start(), lexer.end(), size);
            } else if (!add(token)) {
                break;
            }
        }
    }

    /** Returns the tokens between the parenthesis at {@code i} and the one that closes it. */
    TokenList within(int i) {
        TokenList inner = new TokenList();
        inner.text = text;
        int close = behindGroup(i) - 1;
        for (int k = i + 1; k < close; k++) {
            inner.add(tokens[k], starts[k], ends[k]);
        }
        return inner;
    }

    /** Returns the tokens from an index on. */
    TokenList from(int i) {
        TokenList rest = new TokenList();
        rest.text = text;
        for (int k = i; k < size; k++) {
            rest.add(tokens[k], starts[k], ends[k]);
        }
        return rest;
    }

    private boolean add(Token token) {
        return add(token, lexer.start(), lexer.end());
    }

    private boolean add(Token token, int start, int end) {
        if (size == TOKENS_MAX) {
            cutOff = true;
            return false;
        }
        if (size == tokens.length) {
            resize(2 * size);
        }
        tokens[size] = token;
        starts[size] = start;
        ends[size] = end;
        size++;
        return true;
    }

    private void resize(int capacity) {
        tokens = Arrays.copyOf(tokens, capacity);
        starts = Arrays.copyOf(starts, capacity);
        ends = Arrays.copyOf(ends, capacity);
    }

    /** Returns how many tokens there are. */
    int size() {
        return size;
    }

    /** Returns true when the statement has more than what is here. */
    boolean isCutOff() {
        return cutOff;
    }

    /** Returns what the statement's comments ask of the router. */
    Hint hint() {
        return hints.hint(size);
    }

    /** Returns the kind of the i-th token. */
    Token token(int i) {
        return i >= 0 && i < size ? tokens[i] : Token.END;
    }

    /** Returns the index of the i-th token's first byte. */
    int start(int i) {
        return starts[i];
    }

    /** Returns the index behind the i-th token's last byte. */
    int end(int i) {
        return ends[i];
    }

    /** Returns true when the i-th token is the unquoted word given in lower case. */
    boolean isWord(int i, String lowerCase) {
        if (token(i) != Token.IDENTIFIER || ends[i] - starts[i] != lowerCase.length()) {
            return false;
        }
        for (int k = 0; k < lowerCase.length(); k++) {
            if (SqlLexer.fold(text.getByte(starts[i] + k)) != lowerCase.charAt(k)) {
                return false;
            }
        }
        return true;
    }

    /** Returns true when the i-th token is one of the unquoted words. */
    boolean isWord(int i, String first, String... others) {
        if (isWord(i, first)) {
            return true;
        }
        for (String other : others) {
            if (isWord(i, other)) {
                return true;
            }
        }
        return false;
    }

    /** Returns true when the tokens from the i-th on are these unquoted words. */
    boolean isSequence(int i, String... words) {
        for (int k = 0; k < words.length; k++) {
            if (!isWord(i + k, words[k])) {
                return false;
            }
        }
        return true;
    }

    /** Returns true when the i-th token is this single character. */
    boolean isCharacter(int i, char c) {
        Token token = token(i);
        return (token == Token.PUNCTUATION || token == Token.OPERATOR)
                && ends[i] - starts[i] == 1
                && text.getByte(starts[i]) == c;
    }

    /** Returns the index behind the parenthesis that closes the one at {@code i}, or {@link #size} when none does. */
    int behindGroup(int i) {
        return behindGroup(i, size);
    }

    /** Returns the index behind the parenthesis that closes the one at {@code i}, or where it stopped looking for it. */
    int behindGroup(int i, int tokensMax) {
        int end = (int) Math.min(size, (long) i + tokensMax);
        int depth = 0;
        for (int k = i; k < end; k++) {
            if (isCharacter(k, '(')) {
                depth++;
            } else if (isCharacter(k, ')') && --depth == 0) {
                return k + 1;
            }
        }
        return end;
    }

    /** Returns the index behind a name and the {@code UESCAPE} that may follow it. */
    int behindEscape(int i) {
        return token(i) == Token.UNICODE_IDENTIFIER && isWord(i + 1, "uescape") ? i + 3 : i + 1;
    }

    /** Returns false when the i-th token has bytes that are not UTF-8. */
    boolean isUtf8(int i) {
        return ByteBufUtil.isText(text, starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
    }

    /** Returns the i-th token as it is written. */
    String raw(int i) {
        return text.toString(starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
    }

    /** Returns the text from the first byte of the i-th token to the last byte of the k-th. */
    String raw(int i, int k) {
        return text.toString(starts[i], ends[k] - starts[i], StandardCharsets.UTF_8);
    }

    /** Returns the name that the i-th token, which must be one, stands for: folded or unescaped, and cut to 63 bytes as PostgreSQL does. */
    String name(int i) {
        String name = switch (token(i)) {
            case IDENTIFIER -> foldAscii(raw(i));
            case QUOTED_IDENTIFIER -> unquote(raw(i), 1);
            case UNICODE_IDENTIFIER -> UnicodeEscapes.decode(unquote(raw(i), 3), escapeCharacter(i));
            default -> throw new IllegalArgumentException("not a name: " + token(i));
        };
        return cut(name);
    }

    private char escapeCharacter(int i) {
        if (isWord(i + 1, "uescape") && token(i + 2) == Token.STRING && ends[i + 2] - starts[i + 2] == 3) {
            return (char) (text.getByte(starts[i + 2] + 1) & 0x7f);
        }
        return '\\';
    }

    private static String foldAscii(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c >= 0x80) {
                return foldBesideOthers(word);
            }
        }
        return word.toLowerCase(Locale.ROOT);
    }

    private static String foldBesideOthers(String word) {
        StringBuilder folded = new StringBuilder(word.length());
        for (int i = 0; i < word.length(); i++) {
            folded.append((char) SqlLexer.fold(word.charAt(i)));
        }
        return folded.toString();
    }

    private static String unquote(String raw, int prefixLength) {
        return raw.substring(prefixLength, raw.length() - 1).replace("\"\"", "\"");
    }

    private static String cut(String name) {
        if (name.length() * 3 <= NAME_BYTES_MAX) {
            return name;
        }
        int bytes = 0;
        for (int i = 0; i < name.length(); ) {
            int codePoint = name.codePointAt(i);
            bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            if (bytes > NAME_BYTES_MAX) {
                return name.substring(0, i);
            }
            i += Character.charCount(codePoint);
        }
        return name;
    }
}
