// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A customer orders 5 to 15 items (clause 2.4), of which one in a hundred comes from another warehouse. One order in a hundred asks for an item that there
 * is not, and is rolled back when that is noticed: with its last line.
 *
 * <p>Stocks are locked in the order of their keys, so that orders do not wait for each other in a circle: PostgreSQL cannot see one that goes over several
 * servers.
 */
record NewOrder(int warehouse, int district, int customer, List<Line> lines) implements TpccTransaction {
    private static final Comparator<Line> BY_STOCK =
            Comparator.comparingInt(Line::supplier).thenComparingInt(Line::item);
    private static final int LOW_STOCK = 10;
    private static final int REFILL = 91;

    /** So much of an item, from a warehouse. */
    record Line(int item, int supplier, int quantity) {}

    private record Item(BigDecimal price) {}

    private record Stock(int quantity, String district) {}

    static NewOrder draw(TpccRandom random, int warehouse, Cardinalities cardinalities) {
        int district = random.uniform(1, Cardinalities.DISTRICTS);
        int customer = random.customer(cardinalities);
        boolean fails = random.percent(1);
        List<Line> lines = new ArrayList<>();
        for (int count = random.uniform(5, 15); count > 0; count--) {
            int supplier = random.percent(1) ? random.otherWarehouse(warehouse, cardinalities) : warehouse;
            lines.add(new Line(random.item(cardinalities), supplier, random.uniform(1, 10)));
        }
        lines.sort(BY_STOCK);
        if (fails) {
            Line last = lines.remove(lines.size() - 1);
            lines.add(new Line(cardinalities.items() + 1, last.supplier, last.quantity));
        }
        return new NewOrder(warehouse, district, customer, lines);
    }

    @Override
    public Profile profile() {
        return Profile.NEW_ORDER;
    }

    @Override
    public boolean run(TpccSession session) throws SQLException {
        session.one(row -> row.getBigDecimal(1), "select w_tax from warehouse where w_id = ?", warehouse);
        int order = session.one(
                row -> row.getInt(1),
                "update district set d_next_o_id = d_next_o_id + 1 where d_w_id = ? and d_id = ? returning d_next_o_id - 1, d_tax",
                warehouse,
                district);
        session.one(
                row -> row.getString(2),
                "select c_discount, c_last, c_credit from customer where c_w_id = ? and c_d_id = ? and c_id = ?",
                warehouse,
                district,
                customer);
        session.updateOne(
                "insert into orders (o_id, o_d_id, o_w_id, o_c_id, o_entry_d, o_carrier_id, o_ol_cnt, o_all_local)"
                        + " values (?, ?, ?, ?, ?, null, ?, ?)",
                order,
                district,
                warehouse,
                customer,
                session.now(),
                lines.size(),
                lines.stream().allMatch(line -> line.supplier == warehouse) ? 1 : 0);
        session.updateOne(
                "insert into new_order (no_o_id, no_d_id, no_w_id) values (?, ?, ?)", order, district, warehouse);
        for (int number = 1; number <= lines.size(); number++) {
            if (!add(session, order, number, lines.get(number - 1))) {
                return false;
            }
        }
        return true;
    }

    private boolean add(TpccSession session, int order, int number, Line line) throws SQLException {
        Optional<Item> item = session.first(
                row -> new Item(row.getBigDecimal(1)),
                "select i_price, i_name, i_data from item where i_id = ?",
                line.item);
        if (item.isEmpty()) {
            return false;
        }
        Stock stock = session.one(
                row -> new Stock(row.getInt(1), row.getString(2)),
                "select s_quantity, s_dist_%02d, s_data from stock where s_w_id = ? and s_i_id = ? for update"
                        .formatted(district),
                line.supplier,
                line.item);
        int left = stock.quantity - line.quantity;
        session.updateOne(
                "update stock set s_quantity = ?, s_ytd = s_ytd + ?, s_order_cnt = s_order_cnt + 1, s_remote_cnt = s_remote_cnt + ?"
                        + " where s_w_id = ? and s_i_id = ?",
                left >= LOW_STOCK ? left : left + REFILL,
                line.quantity,
                line.supplier == warehouse ? 0 : 1,
                line.supplier,
                line.item);
        session.updateOne(
                "insert into order_line (ol_o_id, ol_d_id, ol_w_id, ol_number, ol_i_id, ol_supply_w_id, ol_delivery_d, ol_quantity, ol_amount,"
                        + " ol_dist_info) values (?, ?, ?, ?, ?, ?, null, ?, ?, ?)",
                order,
                district,
                warehouse,
                number,
                line.item,
                line.supplier,
                line.quantity,
                item.get().price.multiply(BigDecimal.valueOf(line.quantity)),
                stock.district);
        return true;
    }
}
