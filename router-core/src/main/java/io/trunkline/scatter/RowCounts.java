// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.RowRange;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.RowCount;
import io.trunkline.sql.TokenText;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * LIMIT and OFFSET of one execution.
 *
 * @param limit the rows at most, or null for all
 * @param offset the rows left out first
 */
record RowCounts(@Nullable Long limit, long offset) {
    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]+");
    private static final Set<Integer> INTEGER_TYPES = Set.of(20, 21, 23);

    /**
     * Reads what the statement and its parameters say.
     *
     * @throws ScatterRefused when one of them is no number that can be read
     */
    static RowCounts of(ScatterRead read, TokenText text) {
        Long offset = value(read.shape().offset(), "OFFSET", read, text);
        return new RowCounts(value(read.shape().limit(), "LIMIT", read, text), offset == null ? 0 : offset);
    }

    private static @Nullable Long value(RowCount count, String clause, ScatterRead read, TokenText text) {
        if (count instanceof RowCount.Literal literal) {
            long number = text.number(literal.token());
            if (number < 0) {
                throw refused(clause);
            }
            return number;
        }
        if (count instanceof RowCount.Parameter parameter) {
            String value = read.number(parameter.number());
            if (value == null) {
                return null;
            }
            if (!NUMBER.matcher(value).matches()) {
                throw refused(clause);
            }
            try {
                return Long.valueOf(value);
            } catch (NumberFormatException e) {
                throw refused(clause);
            }
        }
        return null;
    }

    /**
     * Looks at the types of the parameters that LIMIT and OFFSET are: their values have been read as whole numbers.
     *
     * @param types OIDs, as a server has described them
     * @throws ScatterRefused when one is of another type
     */
    static void check(ScatterShape shape, int[] types) {
        check(shape.limit(), "LIMIT", types);
        check(shape.offset(), "OFFSET", types);
    }

    private static void check(RowCount count, String clause, int[] types) {
        boolean other = count instanceof RowCount.Parameter parameter
                && (parameter.number() > types.length || !INTEGER_TYPES.contains(types[parameter.number() - 1]));
        if (other) {
            throw refused(clause);
        }
    }

    private static ScatterRefused refused(String clause) {
        return new ScatterRefused(RouteRefusal.SCATTER_LIMIT.because("the clause is " + clause));
    }

    /** Returns which of the merged rows the client gets. */
    RowRange range(int rowsMax) {
        long most = limit == null ? Long.MAX_VALUE : Math.max(0, limit);
        return new RowRange(Math.max(0, offset), rowsMax == 0 ? most : Math.min(most, rowsMax));
    }

    /**
     * Returns after how many rows each shard may stop, so that the client's are among them, 0 for none.
     *
     * @param rowsMax the limit of the client's Execute, 0 for none
     */
    int rowsOfShard(int rowsMax) {
        long room = Integer.MAX_VALUE - rowsMax;
        return rowsMax == 0 || offset > room ? 0 : (int) (rowsMax + Math.max(0, offset));
    }

    /** Returns true when the server has an error for them. */
    boolean isInvalid() {
        return limit != null && limit < 0 || offset < 0;
    }

    /** Appends the clauses as the client gave them. */
    void appendAsGiven(StringBuilder sql) {
        if (limit != null) {
            sql.append(" LIMIT ").append(limit.longValue());
        }
        if (offset != 0) {
            sql.append(" OFFSET ").append(offset);
        }
    }

    /** Appends the rows that each shard has to give, so that the client's are among them. */
    void appendTo(StringBuilder sql) {
        if (isInvalid()) {
            // An error, in the words of the server.
            sql.append(" LIMIT ")
                    .append(limit == null ? "ALL" : limit.toString())
                    .append(" OFFSET ")
                    .append(offset);
        } else if (limit != null && limit <= Long.MAX_VALUE - offset) {
            sql.append(" LIMIT ").append(limit + offset);
        }
    }
}
