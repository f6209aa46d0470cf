// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.sql.SQLException;

/** How many items of a district's last 20 orders are low in stock (clause 2.8). */
record StockLevel(int warehouse, int district, int threshold) implements TpccTransaction {
    private static final int ORDERS = 20;

    static StockLevel draw(TpccRandom random, int warehouse, int district) {
        return new StockLevel(warehouse, district, random.uniform(10, 20));
    }

    @Override
    public Profile profile() {
        return Profile.STOCK_LEVEL;
    }

    @Override
    public boolean run(TpccSession session) throws SQLException {
        int next = session.one(
                row -> row.getInt(1),
                "select d_next_o_id from district where d_w_id = ? and d_id = ?",
                warehouse,
                district);
        session.one(
                row -> row.getInt(1),
                "select count(distinct s_i_id) from order_line join stock on s_w_id = ol_w_id and s_i_id = ol_i_id"
                        + " where ol_w_id = ? and ol_d_id = ? and ol_o_id >= ? and ol_o_id < ? and s_quantity < ?",
                warehouse,
                district,
                next - ORDERS,
                next,
                threshold);
        return true;
    }
}
