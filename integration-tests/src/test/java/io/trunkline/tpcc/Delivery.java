// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.Optional;

/** A carrier takes the oldest order of each district that has one (clause 2.7). */
record Delivery(int warehouse, int carrier) implements TpccTransaction {
    static Delivery draw(TpccRandom random, int warehouse) {
        return new Delivery(warehouse, random.uniform(1, 10));
    }

    @Override
    public Profile profile() {
        return Profile.DELIVERY;
    }

    @Override
    public boolean run(TpccSession session) throws SQLException {
        for (int district = 1; district <= Cardinalities.DISTRICTS; district++) {
            Optional<Integer> order = take(session, district);
            if (order.isPresent()) {
                deliver(session, district, order.get());
            }
        }
        return true;
    }

    /** Another delivery may be sooner, and then it is seen that the order is gone. */
    private Optional<Integer> take(TpccSession session, int district) throws SQLException {
        while (true) {
            Optional<Integer> oldest = session.first(
                    row -> row.getInt(1),
                    "select no_o_id from new_order where no_w_id = ? and no_d_id = ? order by no_o_id limit 1",
                    warehouse,
                    district);
            if (oldest.isEmpty()
                    || session.update(
                                    "delete from new_order where no_w_id = ? and no_d_id = ? and no_o_id = ?",
                                    warehouse,
                                    district,
                                    oldest.get())
                            == 1) {
                return oldest;
            }
        }
    }

    private void deliver(TpccSession session, int district, int order) throws SQLException {
        int customer = session.one(
                row -> row.getInt(1),
                "update orders set o_carrier_id = ? where o_w_id = ? and o_d_id = ? and o_id = ? returning o_c_id",
                carrier,
                warehouse,
                district,
                order);
        session.update(
                "update order_line set ol_delivery_d = ? where ol_w_id = ? and ol_d_id = ? and ol_o_id = ?",
                session.now(),
                warehouse,
                district,
                order);
        BigDecimal amount = session.one(
                row -> row.getBigDecimal(1),
                "select sum(ol_amount) from order_line where ol_w_id = ? and ol_d_id = ? and ol_o_id = ?",
                warehouse,
                district,
                order);
        session.updateOne(
                "update customer set c_balance = c_balance + ?, c_delivery_cnt = c_delivery_cnt + 1"
                        + " where c_w_id = ? and c_d_id = ? and c_id = ?",
                amount,
                warehouse,
                district,
                customer);
    }
}
