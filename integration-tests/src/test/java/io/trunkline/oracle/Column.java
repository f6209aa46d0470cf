// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

/** A column of a table. */
record Column(String name, ValueType type, boolean nullable) {
    /** The name of the column of few values that every sharded table has beside its key. */
    static final String NUMBER = "n";

    boolean isNumber() {
        return name.equals(NUMBER);
    }

    String sql() {
        return name + " " + type.sql() + (nullable ? "" : " not null");
    }
}
