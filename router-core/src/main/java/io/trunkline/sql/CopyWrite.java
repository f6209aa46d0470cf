// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.ScatterShape.TokenRange;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a write of a reference table leaves every shard with the same rows. The first shard always runs it first.
 *
 * <p>Ranges are of tokens, as in {@link SpreadWrite}.
 */
public sealed interface CopyWrite extends SpreadWrite {

    /** Returns how many tokens the statement has; a text with another number is another statement. */
    int tokenCount();

    /** Returns every name in it, folded, each part of a qualified name on its own. */
    Set<String> names();

    /** Returns every operator, as written. */
    Set<String> operators();

    /** Returns which tables it uses. */
    Tables tables();

    /**
     * Reference tables, named as in SQL with all quotes.
     *
     * @param written the one that is written
     * @param used all, that one included
     * @param assigned the folded names of the columns that an UPDATE, or ON CONFLICT, gives new values
     */
    record Tables(String written, Set<String> used, Set<String> assigned) {
        public Tables {
            used = Set.copyOf(used);
            assigned = Set.copyOf(assigned);
        }
    }

    /**
     * UPDATE or DELETE, run everywhere in the same words: it must mean the same wherever it runs, which its functions and operators must be asked for.
     *
     * @param functions every function but those in {@code times}
     * @param times where the time is asked for
     * @param deletes whether it is a DELETE
     */
    record SameWords(
            int tokenCount,
            Tables tables,
            boolean returning,
            Set<String> functions,
            Set<String> names,
            Set<String> operators,
            List<TimeCall> times,
            boolean deletes)
            implements CopyWrite {
        public SameWords {
            functions = Set.copyOf(functions);
            names = Set.copyOf(names);
            operators = Set.copyOf(operators);
            times = List.copyOf(times);
        }
    }

    /** A call of a function of time. */
    record TimeCall(TokenRange range, TimeFunction function) {}

    /**
     * INSERT: the first shard runs it, and the others are given the rows that came of it. So all that is computed for them is computed once.
     *
     * @param functions as {@link SpreadWrite#functions} says
     * @param body everything up to RETURNING
     * @param returned the list behind RETURNING; empty without one
     * @param target the name of the table
     * @param conflict by what ON CONFLICT DO UPDATE tells whether a row is there already; null when no row is updated
     */
    record SameRows(
            int tokenCount,
            Tables tables,
            Set<String> functions,
            Set<String> names,
            Set<String> operators,
            TokenRange body,
            TokenRange returned,
            TokenRange target,
            @Nullable Conflict conflict)
            implements CopyWrite {
        public SameRows {
            functions = Set.copyOf(functions);
            names = Set.copyOf(names);
            operators = Set.copyOf(operators);
        }

        @Override
        public boolean returning() {
            return !returned.isEmpty();
        }
    }

    /**
     * The target of ON CONFLICT.
     *
     * @param range the list of columns with its parentheses
     * @param columns their folded names
     */
    record Conflict(TokenRange range, Set<String> columns) {
        public Conflict {
            columns = Set.copyOf(columns);
        }
    }
}
