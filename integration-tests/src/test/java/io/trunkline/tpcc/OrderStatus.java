// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** A customer asks how the last order is doing (clause 2.6). */
record OrderStatus(Customer customer) implements TpccTransaction {
    private record Order(int id, int lines) {}

    static OrderStatus draw(TpccRandom random, int warehouse, Cardinalities cardinalities) {
        int district = random.uniform(1, Cardinalities.DISTRICTS);
        return new OrderStatus(Customer.draw(random, warehouse, district, cardinalities));
    }

    @Override
    public Profile profile() {
        return Profile.ORDER_STATUS;
    }

    @Override
    public boolean run(TpccSession session) throws SQLException {
        int id = customer.find(session);
        session.one(
                row -> row.getBigDecimal(1),
                "select c_balance, c_first, c_middle, c_last from customer where c_w_id = ? and c_d_id = ? and c_id = ?",
                customer.warehouse(),
                customer.district(),
                id);
        Optional<Order> last = session.first(
                row -> new Order(row.getInt(1), row.getInt(2)),
                "select o_id, o_ol_cnt, o_entry_d, o_carrier_id from orders where o_w_id = ? and o_d_id = ? and o_c_id = ?"
                        + " order by o_id desc limit 1",
                customer.warehouse(),
                customer.district(),
                id);
        if (last.isPresent()) {
            List<Integer> items = session.rows(
                    row -> row.getInt(1),
                    "select ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_delivery_d from order_line"
                            + " where ol_w_id = ? and ol_d_id = ? and ol_o_id = ?",
                    customer.warehouse(),
                    customer.district(),
                    last.get().id);
            if (items.size() != last.get().lines) {
                throw new IllegalStateException(last.get() + " has the lines " + items);
            }
        }
        return true;
    }
}
