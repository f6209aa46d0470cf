// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.TextOrder;
import io.trunkline.sql.ScatterShape;
import org.jspecify.annotations.Nullable;

/**
 * A query over several shards, and what is known of the rows it returns.
 *
 * @param statement the query as the client sent it
 * @param shape what its text makes of the rows of several shards
 * @param texts how text values may be ordered
 * @param shortestFloats whether floats are written by the fewest digits that tell them apart: {@code extra_float_digits} above 0
 */
public record ScatterRead(ScatterStatement statement, ScatterShape shape, TextOrder texts, boolean shortestFloats) {

    int format(int column) {
        return statement.format(column);
    }

    @Nullable
    String number(int parameter) {
        return statement.number(parameter);
    }

    int rowsMax() {
        return statement.rowsMax();
    }
}
