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
     */
    record Parameter(int number, @Nullable String cast) implements KeyOperand {}

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
