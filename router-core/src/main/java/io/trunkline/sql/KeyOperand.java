// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import org.jspecify.annotations.Nullable;

/** Where a value for a sharding key comes from in one run of a statement. */
public sealed interface KeyOperand {

    /**
     * A parameter of the extended protocol.
     *
     * @param number the n of {@code $n}, from 1
     * @param cast the type it is cast to, lower case as written, or null
     * @param places where PostgreSQL can have its type from when the client leaves it open
     */
    record Parameter(int number, @Nullable String cast, Places places) implements KeyOperand {
        /** A parameter that stands nowhere else. */
        public Parameter(int number, @Nullable String cast) {
            this(number, cast, Places.THIS);
        }
    }

    /** Where in a statement a parameter stands. */
    enum Places {
        /** Only here, so its type is that of the cast, or the one that the key is compared with or stored as. */
        THIS,
        /** In several places, or in a list beside one that does: its type may come from another place, whatever stands there. */
        SEVERAL
    }

    /**
     * A constant in the text.
     *
     * @param index which literal of {@link SqlScan}, from 0; {@link LiteralText} reads it
     * @param cast the type it is cast to, lower case as written, or null
     * @param negative whether a minus sign stands before it
     */
    record Literal(int index, @Nullable String cast, boolean negative) implements KeyOperand {}

    /** The word {@code NULL}. */
    record Null() implements KeyOperand {}
}
