// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.RowCount;
import io.trunkline.sql.ScatterShape.TokenRange;
import org.jspecify.annotations.Nullable;

/** Reads LIMIT, OFFSET and FETCH FIRST, each at most once, in any order. */
final class RowCountReader {
    private final TokenList tokens;
    private @Nullable RowCount limit;
    private @Nullable RowCount offset;

    RowCountReader(TokenList tokens, TokenRange tail) {
        this.tokens = tokens;
        int i = tail.from();
        while (i < tail.to()) {
            boolean offsets = tokens.isWord(i, "offset");
            if (offsets ? offset != null : limit != null) {
                throw rowCount("there are two limits or offsets");
            }
            i = read(i, tail.to());
        }
        if (i > tail.to()) {
            throw rowCount("it ends early");
        }
    }

    RowCount limit() {
        return limit == null ? new RowCount.None() : limit;
    }

    RowCount offset() {
        return offset == null ? new RowCount.None() : offset;
    }

    /** Reads one of them and returns the index behind it. */
    private int read(int i, int end) {
        if (tokens.isWord(i, "limit")) {
            limit = tokens.isWord(i + 1, "all") ? new RowCount.None() : count(i + 1, end);
            return i + 2;
        }
        if (tokens.isWord(i, "offset")) {
            offset = count(i + 1, end);
            return i + (tokens.isWord(i + 2, "row", "rows") ? 3 : 2);
        }
        if (!tokens.isWord(i, "fetch")) {
            throw rowCount("it is computed");
        }
        limit = count(i + 2, end);
        boolean plain = tokens.isWord(i + 1, "first", "next")
                && tokens.isWord(i + 3, "row", "rows")
                && tokens.isWord(i + 4, "only")
                && !(limit instanceof RowCount.None);
        if (!plain) {
            throw rowCount("FETCH is not of the form FETCH FIRST n ROWS ONLY");
        }
        return i + 5;
    }

    private RowCount count(int i, int end) {
        if (i < end && tokens.token(i) == Token.INTEGER) {
            return new RowCount.Literal(i);
        }
        if (i < end && tokens.isWord(i, "null")) {
            return new RowCount.None();
        }
        if (i >= end || tokens.token(i) != Token.PARAMETER || tokens.raw(i).length() > 6) {
            throw rowCount("it is computed");
        }
        return new RowCount.Parameter(Integer.parseInt(tokens.raw(i).substring(1)));
    }

    private static RefusedStatement rowCount(String what) {
        return new RefusedStatement(RefusalCode.ROW_COUNT_ACROSS_SHARDS.because(what));
    }
}
