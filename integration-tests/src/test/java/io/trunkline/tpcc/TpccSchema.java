// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tables of clause 1.3, and their keys.
 *
 * <p>Two of the specification's foreign keys are left out: those to a customer who pays, and to a stock that supplies, elsewhere. Each may lead to another
 * warehouse, and on shards a foreign key holds within a shard only.
 */
final class TpccSchema {
    private static final String ADDRESS =
            "%1$s_street_1 varchar(20), %1$s_street_2 varchar(20), %1$s_city varchar(20), %1$s_state char(2), %1$s_zip char(9), ";

    /** The table that belongs to no warehouse, and is never written to after it has been loaded. */
    static final Table ITEM = new Table(
            "item",
            null,
            "i_id int4, i_im_id int4, i_name varchar(24), i_price numeric(5,2), i_data varchar(50)",
            "primary key (i_id)");

    static final Table WAREHOUSE = new Table(
            "warehouse",
            "w_id",
            "w_id int4, w_name varchar(10), " + ADDRESS.formatted("w") + "w_tax numeric(4,4), w_ytd numeric(12,2)",
            "primary key (w_id)");

    static final Table DISTRICT = new Table(
            "district",
            "d_w_id",
            "d_id int4, d_w_id int4, d_name varchar(10), " + ADDRESS.formatted("d")
                    + "d_tax numeric(4,4), d_ytd numeric(12,2), d_next_o_id int4",
            "primary key (d_w_id, d_id), foreign key (d_w_id) references warehouse");

    static final Table CUSTOMER = new Table(
            "customer",
            "c_w_id",
            "c_id int4, c_d_id int4, c_w_id int4, c_first varchar(16), c_middle char(2), c_last varchar(16), "
                    + ADDRESS.formatted("c")
                    + "c_phone char(16), c_since timestamp, c_credit char(2), c_credit_lim numeric(12,2), c_discount numeric(4,4), "
                    + "c_balance numeric(12,2), c_ytd_payment numeric(12,2), c_payment_cnt int4, c_delivery_cnt int4, c_data varchar(500)",
            "primary key (c_w_id, c_d_id, c_id), foreign key (c_w_id, c_d_id) references district");

    static final Table HISTORY = new Table(
            "history",
            "h_w_id",
            "h_c_id int4, h_c_d_id int4, h_c_w_id int4, h_d_id int4, h_w_id int4, h_date timestamp, h_amount numeric(6,2), h_data varchar(24)",
            "foreign key (h_w_id, h_d_id) references district");

    static final Table ORDERS = new Table(
            "orders",
            "o_w_id",
            "o_id int4, o_d_id int4, o_w_id int4, o_c_id int4, o_entry_d timestamp, o_carrier_id int4, o_ol_cnt int4, o_all_local int4",
            "primary key (o_w_id, o_d_id, o_id), foreign key (o_w_id, o_d_id, o_c_id) references customer");

    static final Table NEW_ORDER = new Table(
            "new_order",
            "no_w_id",
            "no_o_id int4, no_d_id int4, no_w_id int4",
            "primary key (no_w_id, no_d_id, no_o_id), foreign key (no_w_id, no_d_id, no_o_id) references orders");

    static final Table STOCK = new Table(
            "stock",
            "s_w_id",
            "s_i_id int4, s_w_id int4, s_quantity int4, s_dist_01 char(24), s_dist_02 char(24), s_dist_03 char(24), s_dist_04 char(24), "
                    + "s_dist_05 char(24), s_dist_06 char(24), s_dist_07 char(24), s_dist_08 char(24), s_dist_09 char(24), s_dist_10 char(24), "
                    + "s_ytd int4, s_order_cnt int4, s_remote_cnt int4, s_data varchar(50)",
            "primary key (s_w_id, s_i_id), foreign key (s_w_id) references warehouse, foreign key (s_i_id) references item");

    static final Table ORDER_LINE = new Table(
            "order_line",
            "ol_w_id",
            "ol_o_id int4, ol_d_id int4, ol_w_id int4, ol_number int4, ol_i_id int4, ol_supply_w_id int4, ol_delivery_d timestamp, "
                    + "ol_quantity int4, ol_amount numeric(6,2), ol_dist_info char(24)",
            "primary key (ol_w_id, ol_d_id, ol_o_id, ol_number), foreign key (ol_w_id, ol_d_id, ol_o_id) references orders");

    /** Those whose rows belong to a warehouse each; each comes behind those it refers to. */
    static final List<Table> OF_WAREHOUSES =
            List.of(WAREHOUSE, DISTRICT, CUSTOMER, HISTORY, ORDERS, NEW_ORDER, STOCK, ORDER_LINE);

    private TpccSchema() {}

    /**
     * One table.
     *
     * @param warehouse the column with the number of the warehouse its row belongs to, or null
     * @param columns with their types
     */
    record Table(String name, @Nullable String warehouse, String columns, String constraints) {
        /** Returns the names of the columns, with commas between. */
        String columnNames() {
            return Arrays.stream(columns.split(", ", -1))
                    .map(column -> column.substring(0, column.indexOf(' ')))
                    .collect(Collectors.joining(", "));
        }
    }

    /** Returns what makes all tables and indexes. */
    static List<String> ddl() {
        List<String> ddl = new ArrayList<>();
        Stream.concat(Stream.of(ITEM), OF_WAREHOUSES.stream())
                .forEach(table ->
                        ddl.add("create table " + table.name + " (" + table.columns + ", " + table.constraints + ")"));
        ddl.add("create index customer_name on customer (c_w_id, c_d_id, c_last, c_first)");
        ddl.add("create index orders_customer on orders (o_w_id, o_d_id, o_c_id, o_id)");
        return ddl;
    }
}
