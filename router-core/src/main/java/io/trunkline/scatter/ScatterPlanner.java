// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.Unpooled;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.TokenText;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a client's query the one that shards run, and the merge that makes their rows the client's.
 *
 * <p>The words for the shards are put together from stretches of the client's text, by tokens: nothing is searched and replaced. Two steps need a
 * server: what the client's own words return, and, where columns are added that the client does not see, of which types those are.
 */
final class ScatterPlanner {
    private final ShapePlanner planner;
    private @Nullable Described original;
    private @Nullable Described parts;

    private ScatterPlanner(ShapePlanner planner) {
        this.planner = planner;
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
        boolean combines = !shape.keepsGroupsWhole() && (shape.isGrouped() || shape.distinct());
        return new ScatterPlanner(combines ? new GroupPlanner(read, text, memoryBytesMax) : new RowPlanner(read, text));
    }

    /** Begins with a write, whose words for the shards are made already. */
    static ScatterPlanner of(ShardWrite write) {
        return new ScatterPlanner(new WritePlanner(write));
    }

    /** Takes what the client's own words return. */
    void described(Described columns) {
        original = columns;
    }

    /** Returns the query to be described next, or null when the plan can be made. */
    @Nullable
    String parts() {
        return planner.parts(known());
    }

    /** Takes what that returns. */
    void partsDescribed(Described columns) {
        parts = columns;
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
