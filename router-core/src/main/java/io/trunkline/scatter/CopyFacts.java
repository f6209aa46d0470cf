// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.RouteRefusal;
import io.trunkline.scatter.Repetition.ShardsDiffer;
import io.trunkline.sql.TimeFunction;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the first shard has answered to {@link CopyQuestion}, and that the others have answered the same. */
final class CopyFacts {

    /**
     * A column that is stored.
     *
     * @param name as in SQL
     * @param format in which its values travel without loss: 0 text, 1 binary
     * @param fixed whether no UPDATE can set it
     */
    record Column(String name, int format, boolean fixed) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final Map<TimeFunction, String> times = new EnumMap<>(TimeFunction.class);
    private final boolean prepares;

    /**
     * Starts with nothing.
     *
     * @param prepares whether the transaction is going to be prepared
     */
    CopyFacts(boolean prepares) {
        this.prepares = prepares;
    }

    /**
     * Takes the answer of the first shard.
     *
     * @param readsOthers whether the statement, in the same words everywhere, reads rows that it does not change
     * @param needsColumns whether values of columns are going to be handed on
     */
    void answeredFirst(List<List<@Nullable String>> rows, boolean readsOthers, boolean needsColumns) {
        for (List<@Nullable String> row : rows) {
            String what = text(row, 1);
            switch (text(row, 0)) {
                case "problem" -> throw refused(what);
                case "isolation" -> {
                    if (readsOthers && !what.equals("read committed") && !what.equals("read uncommitted")) {
                        throw refused(
                                "it reads other rows, which are those of another moment on each shard under this isolation");
                    }
                }
                case "column" ->
                    columns.add(new Column(
                            what, format(row, needsColumns), text(row, 3).equals("fixed")));
                case "time" -> times.put(TimeFunction.valueOf(what), text(row, 2));
                default -> {
                    // is compared
                }
            }
        }
        if (columns.isEmpty()) {
            throw refused("it has no columns");
        }
        told.addAll(comparable(rows));
        checkPrepared(rows);
    }

    /** Takes the answer of another shard. */
    void answeredOther(List<List<@Nullable String>> rows) {
        checkPrepared(rows);
        if (!comparable(rows).equals(told)) {
            throw new ShardsDiffer("it has other columns, triggers or settings than the first shard");
        }
    }

    private void checkPrepared(List<List<@Nullable String>> rows) {
        for (List<@Nullable String> row : rows) {
            if (prepares && text(row, 0).equals("prepared") && text(row, 1).equals("0")) {
                throw new ScatterRefused(RouteRefusal.NOTHING_PREPARED.because("max_prepared_transactions is 0"));
            }
        }
    }

    private static List<String> comparable(List<List<@Nullable String>> rows) {
        return rows.stream()
                .filter(row -> !"time".equals(row.get(0)) && !"prepared".equals(row.get(0)))
                .map(List::toString)
                .toList();
    }

    private static int format(List<@Nullable String> row, boolean needed) {
        return switch (text(row, 2)) {
            case "1" -> 1;
            case "0" -> 0;
            default -> {
                if (needed) {
                    throw refused("values of column " + text(row, 1) + " may lose something as text; set"
                            + " extra_float_digits to 1, and DateStyle and IntervalStyle to their defaults");
                }
                yield 0;
            }
        };
    }

    private static String text(List<@Nullable String> row, int column) {
        String value = column < row.size() ? row.get(column) : null;
        return value == null ? "" : value;
    }

    private static ScatterRefused refused(String what) {
        return new ScatterRefused(RouteRefusal.COPIES_UNPROVEN.because(what));
    }

    /** Returns the columns that are stored, in their order. */
    List<Column> columns() {
        return columns;
    }

    /** Returns the constant for what a function of time gives. */
    String constant(TimeFunction function) {
        return function.constant(times.getOrDefault(function, ""));
    }
}
