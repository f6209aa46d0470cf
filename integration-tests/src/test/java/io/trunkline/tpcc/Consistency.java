// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of clause 3.3.2, asked by SQL of one server, of a router, or of several shards, whose rows are put together here.
 *
 * <p>Conditions hold while no transaction runs.
 */
final class Consistency {
    private static final int SHOWN = 5;

    private final List<Connection> connections;
    private final Cardinalities cardinalities;
    private final List<String> violations = new ArrayList<>();

    /**
     * Borrows connections to wherever the rows are: to all of them by one, or to parts that share none.
     *
     * @param cardinalities at the beginning
     */
    Consistency(List<Connection> connections, Cardinalities cardinalities) {
        this.connections = connections;
        this.cardinalities = cardinalities;
    }

    /** Returns what is not as it should be. */
    List<String> violations() throws SQLException {
        checkWarehousesAndDistricts();
        checkOrders();
        checkLines();
        checkCustomers();
        return violations;
    }

    private void checkWarehousesAndDistricts() throws SQLException {
        Map<List<Integer>, BigDecimal[]> warehouses = groups(1, "select w_id, w_ytd from warehouse");
        Map<List<Integer>, BigDecimal[]> districts = groups(2, "select d_w_id, d_id, d_ytd, d_next_o_id from district");
        Map<List<Integer>, BigDecimal[]> districtSums =
                groups(1, "select d_w_id, sum(d_ytd) from district group by d_w_id");
        Map<List<Integer>, BigDecimal[]> paid =
                groups(2, "select h_w_id, h_d_id, sum(h_amount) from history group by h_w_id, h_d_id");
        Map<List<Integer>, BigDecimal[]> paidSums =
                groups(1, "select h_w_id, sum(h_amount) from history group by h_w_id");
        warehouses.forEach((warehouse, values) -> {
            expect(1, warehouse, values[0], value(districtSums, warehouse, 0));
            expect(8, warehouse, values[0], value(paidSums, warehouse, 0));
        });
        districts.forEach((district, values) -> expect(9, district, values[0], value(paid, district, 0)));
    }

    private void checkOrders() throws SQLException {
        Map<List<Integer>, BigDecimal[]> districts = groups(2, "select d_w_id, d_id, d_next_o_id from district");
        Map<List<Integer>, BigDecimal[]> orders = groups(
                2, "select o_w_id, o_d_id, max(o_id), count(*), sum(o_ol_cnt) from orders group by o_w_id, o_d_id");
        Map<List<Integer>, BigDecimal[]> open = groups(
                2,
                "select no_w_id, no_d_id, max(no_o_id), min(no_o_id), count(*) from new_order group by no_w_id, no_d_id");
        Map<List<Integer>, BigDecimal[]> lines =
                groups(2, "select ol_w_id, ol_d_id, count(*) from order_line group by ol_w_id, ol_d_id");
        Map<List<Integer>, BigDecimal[]> deliveries =
                groups(2, "select c_w_id, c_d_id, sum(c_delivery_cnt) from customer group by c_w_id, c_d_id");
        BigDecimal deliveredFirst = BigDecimal.valueOf(cardinalities.deliveredOrders());
        for (Map.Entry<List<Integer>, BigDecimal[]> district : districts.entrySet()) {
            List<Integer> key = district.getKey();
            BigDecimal last = district.getValue()[0].subtract(BigDecimal.ONE);
            expect(2, key, last, value(orders, key, 0));
            expect(4, key, value(orders, key, 2), value(lines, key, 0));
            BigDecimal delivered = value(orders, key, 1);
            // All orders of a district may have been delivered.
            if (open.containsKey(key)) {
                expect(2, key, last, value(open, key, 0));
                BigDecimal range =
                        value(open, key, 0).subtract(value(open, key, 1)).add(BigDecimal.ONE);
                expect(3, key, range, value(open, key, 2));
                delivered = delivered.subtract(value(open, key, 2));
            }
            // The specification has it for the beginning; afterwards, customers know what was delivered to them.
            expect(11, key, deliveredFirst.add(value(deliveries, key, 0)), delivered);
        }
    }

    private void checkLines() throws SQLException {
        expectNone(
                5,
                "select o_w_id, o_d_id, o_id from orders"
                        + " left join new_order on no_w_id = o_w_id and no_d_id = o_d_id and no_o_id = o_id"
                        + " where (o_carrier_id is null) <> (no_o_id is not null)");
        expectNone(
                6,
                "select o_w_id, o_d_id, o_id from orders"
                        + " left join order_line on ol_w_id = o_w_id and ol_d_id = o_d_id and ol_o_id = o_id"
                        + " group by o_w_id, o_d_id, o_id, o_ol_cnt having count(ol_number) <> o_ol_cnt");
        expectNone(
                7,
                "select ol_w_id, ol_d_id, ol_o_id, ol_number from order_line"
                        + " join orders on o_w_id = ol_w_id and o_d_id = ol_d_id and o_id = ol_o_id"
                        + " where (ol_delivery_d is null) <> (o_carrier_id is null)");
    }

    private void checkCustomers() throws SQLException {
        Map<List<Integer>, BigDecimal[]> customers =
                groups(3, "select c_w_id, c_d_id, c_id, c_balance, c_ytd_payment from customer");
        Map<List<Integer>, BigDecimal[]> delivered = groups(
                3,
                "select o_w_id, o_d_id, o_c_id, sum(ol_amount) from orders"
                        + " join order_line on ol_w_id = o_w_id and ol_d_id = o_d_id and ol_o_id = o_id"
                        + " where ol_delivery_d is not null group by o_w_id, o_d_id, o_c_id");
        Map<List<Integer>, BigDecimal[]> paid = groups(
                3, "select h_c_w_id, h_c_d_id, h_c_id, sum(h_amount) from history group by h_c_w_id, h_c_d_id, h_c_id");
        customers.forEach((customer, values) -> {
            BigDecimal ordered = value(delivered, customer, 0);
            expect(10, customer, values[0], ordered.subtract(value(paid, customer, 0)));
            expect(12, customer, values[0].add(values[1]), ordered);
        });
    }

    /** Returns what a query says behind the columns of its key, by key; what several connections say of one key is added up: sums of a customer's payments only. */
    private Map<List<Integer>, BigDecimal[]> groups(int keyColumns, String sql) throws SQLException {
        Map<List<Integer>, BigDecimal[]> groups = new HashMap<>();
        for (Connection connection : connections) {
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                int columns = rows.getMetaData().getColumnCount();
                while (rows.next()) {
                    List<Integer> key = new ArrayList<>();
                    BigDecimal[] values = new BigDecimal[columns - keyColumns];
                    for (int column = 1; column <= columns; column++) {
                        if (column <= keyColumns) {
                            key.add(rows.getInt(column));
                        } else {
                            values[column - keyColumns - 1] = rows.getBigDecimal(column);
                        }
                    }
                    groups.merge(key, values, Consistency::added);
                }
            }
        }
        return groups;
    }

    private static BigDecimal[] added(BigDecimal[] one, BigDecimal[] other) {
        if (one.length != 1) {
            throw new IllegalStateException("rows of one key in two places: " + Arrays.toString(one));
        }
        return new BigDecimal[] {one[0].add(other[0])};
    }

    /** Returns a value of a group, 0 when there is no such group. */
    private static BigDecimal value(Map<List<Integer>, BigDecimal[]> groups, List<Integer> key, int index) {
        BigDecimal @Nullable [] values = groups.get(key);
        return values == null ? BigDecimal.ZERO : values[index];
    }

    private void expect(int condition, List<Integer> key, BigDecimal one, BigDecimal other) {
        if (one.compareTo(other) != 0) {
            violations.add("condition " + condition + " of " + key + ": " + one + ", " + other);
        }
    }

    private void expectNone(int condition, String sql) throws SQLException {
        Set<String> found = new TreeSet<>();
        for (Connection connection : connections) {
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next() && found.size() < SHOWN) {
                    found.add(rows.getString(1) + " " + rows.getString(2) + " " + rows.getString(3));
                }
            }
        }
        found.forEach(row -> violations.add("condition " + condition + ": " + row));
    }
}
