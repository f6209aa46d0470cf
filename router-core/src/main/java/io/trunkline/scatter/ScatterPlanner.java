// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.Unpooled;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.ScatterShape.Finish;
import io.trunkline.sql.TokenText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a client's query the one that shards run, and the merge that makes their rows the client's.
 *
 * <p>The words for the shards are put together from stretches of the client's text, by tokens: nothing is searched and replaced. Some steps need a
 * server: what the client's own words return; where a name is grouped by that may be a column, which columns there are; and where columns are added that the
 * client does not see, of which types those are.
 */
final class ScatterPlanner {
    /** Plans groups in an order that only a server makes, or null. */
    private final @Nullable ShapePlanner ordering;

    /** A query with the columns of FROM, or null when nothing depends on their names. */
    private final @Nullable String body;

    private final List<String> resultNames;
    /** Of a query; null for a write. */
    private final @Nullable ScatterShape shape;

    private ShapePlanner planner;
    private boolean isBodyKnown;
    private @Nullable Described original;
    private @Nullable Described parts;

    private ScatterPlanner(
            ShapePlanner planner,
            @Nullable ShapePlanner ordering,
            @Nullable String body,
            List<String> resultNames,
            @Nullable ScatterShape shape) {
        this.shape = shape;
        this.planner = planner;
        this.ordering = ordering;
        this.body = body;
        this.resultNames = resultNames;
    }

    /**
     * Begins with a query.
     *
     * @throws ScatterRefused when its text is not what its shape was made of
     */
    static ScatterPlanner of(ScatterRead read, long memoryBytesMax) {
        ScatterShape shape = read.shape();
        ScatterStatement statement = read.statement();
        TokenText text = TokenText.of(
                shape,
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings());
        if (text == null) {
            throw new ScatterRefused(
                    RouteRefusal.UNREADABLE.because("its constants differ where they would have to be equal"));
        }
        String body = shape.resultNames().isEmpty()
                ? null
                : new QueryText(shape, text).with() + "SELECT * " + text.text(shape.body());
        Finish finish = shape.finish();
        FinishPlanner finishing = finish == null ? null : new FinishPlanner(read, finish, text, memoryBytesMax);
        if (finish != null && finishing != null && finish.isNeeded()) {
            return new ScatterPlanner(finishing, null, body, shape.resultNames(), shape);
        }
        boolean combines = !shape.keepsGroupsWhole() && (shape.isGrouped() || shape.distinct());
        return combines
                ? new ScatterPlanner(
                        new GroupPlanner(read, text, memoryBytesMax), finishing, body, shape.resultNames(), shape)
                : new ScatterPlanner(new RowPlanner(read, text), null, body, shape.resultNames(), shape);
    }

    /** Begins with a write, whose words for the shards are made already. */
    static ScatterPlanner of(ShardWrite write) {
        return new ScatterPlanner(new WritePlanner(write), null, null, List.of(), null);
    }

    /** Takes what the client's own words return first, and then what {@link #next} asked for. */
    void described(Described columns) {
        if (original == null) {
            original = columns;
            if (shape != null) {
                RowCounts.check(shape, columns.parameterTypes());
            }
            if (ordering != null && planner.needsServersOrder(columns)) {
                planner = ordering;
            }
        } else if (body != null && !isBodyKnown) {
            isBodyKnown = true;
            refuseOtherColumns(columns);
        } else {
            parts = columns;
        }
    }

    private void refuseOtherColumns(Described columns) {
        for (Described.Column column : columns.columns()) {
            if (resultNames.contains(column.name())) {
                throw new ScatterRefused(RouteRefusal.SCATTER_NAME.because("the name is \"" + column.name() + "\""));
            }
        }
    }

    /** Returns the query to be described next, or null when the plan can be made. */
    @Nullable
    String next() {
        if (body != null && !isBodyKnown) {
            return body;
        }
        return parts == null ? planner.parts(known()) : null;
    }

    /** Returns what is done with the rows of the shards, in the words of EXPLAIN. */
    String label() {
        return planner.label();
    }

    /** Returns the plan. */
    ScatterPlan plan() {
        return planner.plan(known(), parts);
    }

    private Described known() {
        if (original == null) {
            throw new IllegalStateException("nothing described");
        }
        return original;
    }
}
