// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a terminal names a customer.
 *
 * @param id when there is no last name
 */
record Customer(
        int warehouse, int district, int id, @Nullable String lastName) {
    static Customer draw(TpccRandom random, int warehouse, int district, Cardinalities cardinalities) {
        return random.percent(60)
                ? new Customer(warehouse, district, 0, random.lastName(cardinalities))
                : new Customer(warehouse, district, random.customer(cardinalities), null);
    }

    /** Returns the number of the customer: of those with the last name the one in the middle, by first name. */
    int find(TpccSession session) throws SQLException {
        if (lastName == null) {
            return id;
        }
        List<Integer> found = session.rows(
                row -> row.getInt(1),
                "select c_id from customer where c_w_id = ? and c_d_id = ? and c_last = ? order by c_first, c_id",
                warehouse,
                district,
                lastName);
        return found.get((found.size() + 1) / 2 - 1);
    }
}
