// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import org.jspecify.annotations.Nullable;

/**
 * A statement of which it is not yet said how it is sent.
 *
 * @param order what is known of the order of its rows
 * @param copyData what is sent when the server asks for data
 */
record Draft(
        String kind,
        Sql sql,
        Statement.Order order,
        @Nullable String copyData) {
    static Draft of(String kind, Sql sql) {
        return new Draft(kind, sql, Statement.Order.ANY, null);
    }

    static Draft ordered(String kind, Sql sql) {
        return new Draft(kind, sql, Statement.Order.TOTAL, null);
    }

    Statement by(Statement.Protocol protocol) {
        return new Statement(kind, sql, order, protocol, copyData);
    }
}
