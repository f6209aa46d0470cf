// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.merge.SortKey;
import io.trunkline.merge.ValueOrder;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.TextOrder;
import org.jspecify.annotations.Nullable;

/** How the values of columns are compared here, where that is known to be as the server does. */
final class KeyOrders {
    private final TextOrder texts;

    KeyOrders(ScatterRead read, QueryText text) {
        this.texts = text.namesOtherCollation() ? TextOrder.UNKNOWN : read.texts();
    }

    /**
     * Returns the key to merge by a column of the inner query, which is added in binary format where it is not there yet.
     *
     * @param output its place among the columns already there, or -1
     * @param collateC whether the client orders it by the collation C
     * @throws ScatterRefused when its values cannot be compared
     */
    SortKey key(
            ShardColumns columns,
            int column,
            Described.Column described,
            int output,
            boolean collateC,
            boolean descending,
            boolean nullsFirst) {
        ValueOrder order = order(described, collateC);
        // Texts are the same bytes in both formats.
        boolean there = output >= 0 && (order.isCollated() || columns.isBinary(output));
        int place = there ? output : columns.addBinary(column, described.type());
        return new SortKey(place, order, descending, nullsFirst);
    }

    /** Returns true when texts are ordered as a language orders them. */
    boolean hasLanguage() {
        return texts == TextOrder.LANGUAGE;
    }

    /** Returns true when the values of a column are. */
    boolean isOfLanguage(Described.Column described) {
        ValueOrder order = ValueOrder.of(described.type());
        return hasLanguage() && order != null && order.isCollated();
    }

    /**
     * Returns the order of a column's values.
     *
     * @param collateC whether it is that of the collation C whatever the database's is
     */
    ValueOrder order(Described.Column described, boolean collateC) {
        @Nullable ValueOrder order = ValueOrder.of(described.type());
        if (order == null) {
            throw refused(described, "is of type " + Integer.toUnsignedString(described.type()));
        }
        if (order.isCollated() && (texts == TextOrder.UNKNOWN || texts == TextOrder.LANGUAGE && !collateC)) {
            throw refused(
                    described,
                    texts == TextOrder.LANGUAGE
                            ? "is text in the order of a language"
                            : "is text whose collation or encoding is not known");
        }
        return order;
    }

    /**
     * Appends what a shard sorts by, at the end of its query.
     *
     * @param column the column of the inner query
     */
    void appendTo(StringBuilder orderBy, int column, SortKey key) {
        orderBy.append(orderBy.isEmpty() ? " ORDER BY " : ", ")
                .append(ShardColumns.name(column))
                .append(byteOrder(key.order()))
                .append(key.descending() ? " DESC" : " ASC")
                .append(key.nullsFirst() ? " NULLS FIRST" : " NULLS LAST");
    }

    /** Returns what a shard must add to sort such a column by its bytes, where only equality matters. */
    private String byteOrder(ValueOrder order) {
        return order.isCollated() && texts != TextOrder.BYTES ? " COLLATE pg_catalog.\"C\"" : "";
    }

    private static ScatterRefused refused(Described.Column described, String what) {
        return new ScatterRefused(RouteRefusal.SCATTER_ORDER.because("column \"" + described.name() + "\" " + what));
    }
}
