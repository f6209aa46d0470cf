// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.sql.SQLException;

/** A customer pays (clause 2.5): of another warehouse in 15 cases of a hundred, known by the last name in 60. */
record Payment(int warehouse, int district, Customer customer, BigDecimal amount) implements TpccTransaction {
    private static final int DATA_LENGTH = 500;

    private record Credit(String rating, String data) {}

    static Payment draw(TpccRandom random, int warehouse, Cardinalities cardinalities) {
        int district = random.uniform(1, Cardinalities.DISTRICTS);
        boolean atHome = random.percent(85);
        int customerWarehouse = atHome ? warehouse : random.otherWarehouse(warehouse, cardinalities);
        int customerDistrict = atHome ? district : random.uniform(1, Cardinalities.DISTRICTS);
        return new Payment(
                warehouse,
                district,
                Customer.draw(random, customerWarehouse, customerDistrict, cardinalities),
                random.decimal(1_00, 5_000_00, 2));
    }

    @Override
    public Profile profile() {
        return Profile.PAYMENT;
    }

    @Override
    public boolean run(TpccSession session) throws SQLException {
        String warehouseName = session.one(
                row -> row.getString(1),
                "update warehouse set w_ytd = w_ytd + ? where w_id = ?"
                        + " returning w_name, w_street_1, w_street_2, w_city, w_state, w_zip",
                amount,
                warehouse);
        String districtName = session.one(
                row -> row.getString(1),
                "update district set d_ytd = d_ytd + ? where d_w_id = ? and d_id = ?"
                        + " returning d_name, d_street_1, d_street_2, d_city, d_state, d_zip",
                amount,
                warehouse,
                district);
        int id = customer.find(session);
        Credit credit = session.one(
                row -> new Credit(row.getString("c_credit"), row.getString("c_data")),
                "select c_first, c_middle, c_last, c_street_1, c_street_2, c_city, c_state, c_zip, c_phone, c_since, c_credit, c_credit_lim,"
                        + " c_discount, c_balance, c_data from customer where c_w_id = ? and c_d_id = ? and c_id = ? for update",
                customer.warehouse(),
                customer.district(),
                id);
        session.updateOne(
                "update customer set c_balance = c_balance - ?, c_ytd_payment = c_ytd_payment + ?, c_payment_cnt = c_payment_cnt + 1, c_data = ?"
                        + " where c_w_id = ? and c_d_id = ? and c_id = ?",
                amount,
                amount,
                "BC".equals(credit.rating) ? noted(id, credit.data) : credit.data,
                customer.warehouse(),
                customer.district(),
                id);
        session.updateOne(
                "insert into history (h_c_id, h_c_d_id, h_c_w_id, h_d_id, h_w_id, h_date, h_amount, h_data) values (?, ?, ?, ?, ?, ?, ?, ?)",
                id,
                customer.district(),
                customer.warehouse(),
                district,
                warehouse,
                session.now(),
                amount,
                warehouseName + "    " + districtName);
        return true;
    }

    /** A payment of a bad debtor is noted in front of the data there is. */
    private String noted(int id, String data) {
        String note = id + " " + customer.district() + " " + customer.warehouse() + " " + district + " " + warehouse
                + " " + amount + " ";
        return (note + data).substring(0, Math.min(DATA_LENGTH, note.length() + data.length()));
    }
}
