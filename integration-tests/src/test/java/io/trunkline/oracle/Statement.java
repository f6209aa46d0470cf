// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One statement and how it is sent.
 *
 * @param kind the name of its class, for the report
 * @param sql the text
 * @param order whether the order of its rows is total, and so to be the same everywhere
 * @param protocol how it is sent
 * @param copyData what is sent when the server asks for data; null when it must not ask
 */
record Statement(
        String kind,
        Sql sql,
        Order order,
        Protocol protocol,
        @Nullable String copyData) {
    /** What is known of the order of the rows. */
    enum Order {
        ANY,
        TOTAL
    }

    /** The way of a statement to the server. */
    enum Protocol {
        SIMPLE,
        /** Results as text. */
        EXTENDED,
        EXTENDED_BINARY_RESULT;

        boolean isExtended() {
            return this != SIMPLE;
        }
    }

    static Statement of(String kind, String text) {
        return new Statement(kind, Sql.of(text), Order.ANY, Protocol.SIMPLE, null);
    }

    Statement by(Protocol other) {
        return new Statement(kind, sql, order, other, copyData);
    }

    /** Returns statements that say less, or say the same in a simpler way. */
    List<Statement> simpler() {
        List<Statement> variants = new ArrayList<>();
        for (Sql variant : sql.simpler()) {
            variants.add(new Statement(kind, variant, order, protocol, copyData));
        }
        if (protocol.isExtended()) {
            variants.add(by(Protocol.SIMPLE));
        }
        return variants;
    }

    @Override
    public String toString() {
        return switch (protocol) {
            case SIMPLE -> "simple    " + sql.literal();
            case EXTENDED -> "extended  " + sql;
            case EXTENDED_BINARY_RESULT -> "extended, binary result  " + sql;
        };
    }
}
