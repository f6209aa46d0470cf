// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Draws the rows that are there at the beginning (clause 4.3.3); the same seed draws the same. */
final class TpccLoader {
    private static final BigDecimal FIRST_PAYMENT = new BigDecimal("10.00");
    private static final int DISTRICT_TEXTS = 10;

    private final RowWriter writer;
    private final TpccRandom random;
    private final Cardinalities cardinalities;
    private final LocalDateTime now;

    TpccLoader(RowWriter writer, long seed, Cardinalities cardinalities, LocalDateTime now) {
        this.writer = writer;
        this.random = new TpccRandom(seed);
        this.cardinalities = cardinalities;
        this.now = now;
    }

    void loadItems() throws SQLException {
        for (int item = 1; item <= cardinalities.items(); item++) {
            writer.write(
                    TpccSchema.ITEM,
                    item,
                    random.uniform(1, 10_000),
                    random.text(14, 24),
                    random.decimal(1_00, 100_00, 2),
                    random.data());
        }
        writer.flush();
    }

    /** Loads a warehouse with all that is in it; the items must be there. */
    void loadWarehouse(int warehouse) throws SQLException {
        BigDecimal paid = FIRST_PAYMENT.multiply(BigDecimal.valueOf(cardinalities.customers()));
        writer.write(
                TpccSchema.WAREHOUSE,
                warehouse,
                random.text(6, 10),
                random.text(10, 20),
                random.text(10, 20),
                random.text(10, 20),
                random.text(2, 2),
                random.zip(),
                random.decimal(0, 2_000, 4),
                paid.multiply(BigDecimal.valueOf(Cardinalities.DISTRICTS)));
        for (int item = 1; item <= cardinalities.items(); item++) {
            loadStock(warehouse, item);
        }
        for (int district = 1; district <= Cardinalities.DISTRICTS; district++) {
            writer.write(
                    TpccSchema.DISTRICT,
                    district,
                    warehouse,
                    random.text(6, 10),
                    random.text(10, 20),
                    random.text(10, 20),
                    random.text(10, 20),
                    random.text(2, 2),
                    random.zip(),
                    random.decimal(0, 2_000, 4),
                    paid,
                    cardinalities.customers() + 1);
            for (int customer = 1; customer <= cardinalities.customers(); customer++) {
                loadCustomer(warehouse, district, customer);
            }
            List<Integer> customers = random.permutation(cardinalities.customers());
            for (int order = 1; order <= cardinalities.customers(); order++) {
                loadOrder(warehouse, district, order, customers.get(order - 1));
            }
        }
        writer.flush();
    }

    private void loadStock(int warehouse, int item) throws SQLException {
        Object[] row = new Object[DISTRICT_TEXTS + 7];
        row[0] = item;
        row[1] = warehouse;
        row[2] = random.uniform(10, 100);
        for (int district = 0; district < DISTRICT_TEXTS; district++) {
            row[3 + district] = random.text(24, 24);
        }
        row[DISTRICT_TEXTS + 3] = 0;
        row[DISTRICT_TEXTS + 4] = 0;
        row[DISTRICT_TEXTS + 5] = 0;
        row[DISTRICT_TEXTS + 6] = random.data();
        writer.write(TpccSchema.STOCK, row);
    }

    private void loadCustomer(int warehouse, int district, int customer) throws SQLException {
        // The first thousand have all names there are, one each.
        String name = customer <= 1_000 ? TpccRandom.lastName(customer - 1) : random.lastName(cardinalities);
        writer.write(
                TpccSchema.CUSTOMER,
                customer,
                district,
                warehouse,
                random.text(8, 16),
                "OE",
                name,
                random.text(10, 20),
                random.text(10, 20),
                random.text(10, 20),
                random.text(2, 2),
                random.zip(),
                random.digits(16),
                now,
                random.percent(10) ? "BC" : "GC",
                new BigDecimal("50000.00"),
                random.decimal(0, 5_000, 4),
                FIRST_PAYMENT.negate(),
                FIRST_PAYMENT,
                1,
                0,
                random.text(300, 500));
        writer.write(
                TpccSchema.HISTORY,
                customer,
                district,
                warehouse,
                district,
                warehouse,
                now,
                FIRST_PAYMENT,
                random.text(12, 24));
    }

    private void loadOrder(int warehouse, int district, int order, int customer) throws SQLException {
        boolean delivered = order <= cardinalities.deliveredOrders();
        int lines = random.uniform(5, 15);
        writer.write(
                TpccSchema.ORDERS,
                order,
                district,
                warehouse,
                customer,
                now,
                delivered ? (Integer) random.uniform(1, 10) : null,
                lines,
                1);
        for (int line = 1; line <= lines; line++) {
            @Nullable LocalDateTime delivery = delivered ? now : null;
            writer.write(
                    TpccSchema.ORDER_LINE,
                    order,
                    district,
                    warehouse,
                    line,
                    random.uniform(1, cardinalities.items()),
                    warehouse,
                    delivery,
                    5,
                    delivered ? new BigDecimal("0.00") : random.decimal(1, 9_999_99, 2),
                    random.text(24, 24));
        }
        if (!delivered) {
            writer.write(TpccSchema.NEW_ORDER, order, district, warehouse);
        }
    }
}
