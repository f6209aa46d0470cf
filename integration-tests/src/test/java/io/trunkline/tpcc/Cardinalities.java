// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

/**
 * How many rows there are at the beginning (clause 1.2.1).
 *
 * @param warehouses numbered from 1, as everything is
 * @param customers of each district, who have one order each at first
 * @param items of which each warehouse has a stock
 */
record Cardinalities(int warehouses, int customers, int items) {
    /** Of each warehouse. */
    static final int DISTRICTS = 10;

    private static final int CUSTOMERS = 3_000;
    private static final int ITEMS = 100_000;
    private static final int CUSTOMERS_SCALED_DOWN = 30;
    private static final int ITEMS_SCALED_DOWN = 300;

    /** The specification's own numbers. */
    static Cardinalities full(int warehouses) {
        return new Cardinalities(warehouses, CUSTOMERS, ITEMS);
    }

    /** Fewer rows of the same kind, which are there in a second. */
    static Cardinalities scaledDown(int warehouses) {
        return new Cardinalities(warehouses, CUSTOMERS_SCALED_DOWN, ITEMS_SCALED_DOWN);
    }

    /** Returns how many of a district's first orders have been delivered: 2,100 of 3,000. */
    int deliveredOrders() {
        return customers * 7 / 10;
    }
}
