// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * One common table expression, which means the same wherever it is named. What is said of the rows of its only use is said of its own.
 */
final class WithQuery {
    private final String name;
    private final Placement placement;
    private final List<KeyNode> uses = new ArrayList<>();

    /**
     * Makes one.
     *
     * @param name folded
     */
    WithQuery(String name, Placement placement) {
        this.name = name;
        this.placement = placement;
    }

    String name() {
        return name;
    }

    Placement placement() {
        return placement;
    }

    /** Notes a place where its rows are read, by the key they have there. */
    void addUse(KeyNode carried) {
        uses.add(carried);
    }

    /** Lets its own tables be known as far as its only use is; call when the whole statement was read. */
    void tieToOnlyUse() {
        if (uses.size() == 1 && placement instanceof Placement.Partitioned rows) {
            rows.inherit(uses.get(0));
        }
    }
}
