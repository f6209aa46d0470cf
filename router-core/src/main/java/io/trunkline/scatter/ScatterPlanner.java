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

    /**
     * Begins with a statement.
     *
     * @throws ScatterRefused when its text is not what its shape was made of
     */
    ScatterPlanner(ScatterStatement statement, long memoryBytesMax) {
        ScatterShape shape = statement.shape();
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
        planner = combines ? new GroupPlanner(statement, text, memoryBytesMax) : new RowPlanner(statement, text);
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
