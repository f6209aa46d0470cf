// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * What must hold of the database for a statement to mean the tables that its search path seems to lead to.
 *
 * @param absent folded names which no relation outside of the schemas of one shard may have
 * @param ownPath whether the servers must have no search path of their own
 */
public record Presumed(Set<String> absent, boolean ownPath) {
    /** Nothing: names lead to one relation only. */
    public static final Presumed NOTHING = new Presumed(Set.of(), false);

    /** Copies the set. */
    public Presumed {
        absent = Set.copyOf(absent);
    }
}
