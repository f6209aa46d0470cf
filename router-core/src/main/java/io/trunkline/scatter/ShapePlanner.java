// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import org.jspecify.annotations.Nullable;

/** Makes the plan of one kind of query, once it is known what the client's own words return. */
interface ShapePlanner {

    /** Returns what is done with the rows of the shards, in the words of EXPLAIN. */
    String label();

    /** Returns true when the client asks for an order that is not known here, as that of a language. */
    default boolean needsServersOrder(Described original) {
        return false;
    }

    /**
     * Returns a query whose columns must be described before there can be a plan, or null when nothing else need be known.
     *
     * @throws ScatterRefused when there cannot be one
     */
    @Nullable
    String parts(Described original);

    /**
     * Returns the plan.
     *
     * @param original what the client's own words return
     * @param parts what {@link #parts} returns, or null
     * @throws ScatterRefused when there is none
     */
    ScatterPlan plan(Described original, @Nullable Described parts);
}
