// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.SameText;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds which expressions of a query are the same, token by token.
 *
 * <p>The answer is remembered for all texts that differ in their literals only. So literals of one kind are taken to be equal, with preference for
 * where they really are, and every pair that was is noted: a text in which they differ is not one the answer is about.
 */
final class TokenTwins {
    private final TokenList tokens;
    private final boolean mergesColumns;
    private final Set<SameText> sameTexts = new LinkedHashSet<>();

    TokenTwins(TokenList tokens) {
        this.tokens = tokens;
        boolean merges = false;
        for (int i = 0; i < tokens.size(); i++) {
            merges |= tokens.isWord(i, "using", "natural");
        }
        this.mergesColumns = merges;
    }

    /** Returns the pairs of literals on whose equality the answers so far depend. */
    List<SameText> sameTexts() {
        return List.copyOf(sameTexts);
    }

    /**
     * Returns the index of the first candidate that is the same expression, or -1.
     *
     * @param loose whether a column with its relation's name before it is the same as one without; so when there is but one relation, and wherever PostgreSQL
     *     refuses the query unless they are
     */
    int indexOf(TokenRange expression, List<TokenRange> candidates, boolean loose) {
        int similar = -1;
        List<SameText> similarPairs = List.of();
        for (int k = 0; k < candidates.size(); k++) {
            List<SameText> pairs = new ArrayList<>();
            if (!isSame(expression, candidates.get(k), loose, pairs)) {
                continue;
            }
            if (pairs.stream().allMatch(this::holds)) {
                sameTexts.addAll(pairs);
                return k;
            }
            if (similar < 0) {
                similar = k;
                similarPairs = pairs;
            }
        }
        sameTexts.addAll(similarPairs);
        return similar;
    }

    /** Returns the index of the first candidate that is the same expression in every text, for there is no literal in it, or -1. */
    int indexOfCertain(TokenRange expression, List<TokenRange> candidates, boolean loose) {
        for (int k = 0; k < candidates.size(); k++) {
            List<SameText> pairs = new ArrayList<>();
            if (isSame(expression, candidates.get(k), loose, pairs) && pairs.isEmpty()) {
                return k;
            }
        }
        return -1;
    }

    private boolean holds(SameText pair) {
        return tokens.raw(pair.token()).equals(tokens.raw(pair.other()));
    }

    private boolean isSame(TokenRange left, TokenRange right, boolean loose, List<SameText> pairs) {
        // Inside a sub-query a name alone may mean another relation than a qualified one.
        boolean columns = isColumn(left) && isColumn(right);
        // A column that a join has merged is not that of either relation.
        boolean qualifiersVary = loose && !mergesColumns && !hasSubquery(left) && !hasSubquery(right);
        int i = left.from();
        int k = right.from();
        while (i < left.to() && k < right.to()) {
            boolean iQualified = qualifiersVary && isQualifiedColumn(i, left);
            boolean kQualified = qualifiersVary && isQualifiedColumn(k, right);
            i += iQualified && !kQualified ? 2 : 0;
            k += kQualified && !iQualified ? 2 : 0;
            if (!isSameToken(i, k, columns, pairs)) {
                return false;
            }
            i++;
            k++;
        }
        return i == left.to() && k == right.to();
    }

    private boolean isSameToken(int i, int k, boolean columns, List<SameText> pairs) {
        Token token = tokens.token(i);
        if (token.isLiteral()) {
            pairs.add(new SameText(i, k));
            return kindOf(token) == kindOf(tokens.token(k));
        }
        if (columns && token.isName() && tokens.token(k).isName()) {
            return tokens.name(i).equals(tokens.name(k));
        }
        if (token != tokens.token(k)) {
            // Maybe a quoted name and a word of the grammar.
            return false;
        }
        return token.isName()
                ? tokens.name(i).equals(tokens.name(k))
                : tokens.raw(i).equals(tokens.raw(k));
    }

    /** The fingerprint does not tell the plain spellings of a string apart. */
    private static Token kindOf(Token literal) {
        return literal == Token.ESCAPE_STRING || literal == Token.DOLLAR_STRING ? Token.STRING : literal;
    }

    /** Returns true for a name with up to two qualifiers, and nothing else. */
    boolean isColumn(TokenRange range) {
        int length = range.to() - range.from();
        if (length != 1 && length != 3 && length != 5) {
            return false;
        }
        for (int i = range.from(); i < range.to(); i++) {
            boolean isName = (i - range.from()) % 2 == 0;
            if (isName ? !isColumnName(i) : !tokens.isCharacter(i, '.')) {
                return false;
            }
        }
        return true;
    }

    /** Behind a dot any word is a name; elsewhere an unquoted one may be syntax. */
    private boolean isColumnName(int i) {
        Token token = tokens.token(i);
        return token == Token.QUOTED_IDENTIFIER
                || token == Token.IDENTIFIER
                        && (tokens.isCharacter(i - 1, '.') || !Keywords.isNoColumnName(tokens.name(i)));
    }

    private boolean isQualifiedColumn(int i, TokenRange range) {
        return i + 2 < range.to()
                && tokens.token(i).isName()
                && tokens.isCharacter(i + 1, '.')
                && tokens.token(i + 2).isName()
                && !tokens.isCharacter(i + 3, '.')
                && !tokens.isCharacter(i + 3, '(')
                && !(i > range.from() && tokens.isCharacter(i - 1, '.'));
    }

    private boolean hasSubquery(TokenRange range) {
        for (int i = range.from(); i < range.to(); i++) {
            if (tokens.isWord(i, "select", "values", "table")) {
                return true;
            }
        }
        return false;
    }
}
