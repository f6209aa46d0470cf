// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Statement.Order;
import io.trunkline.oracle.Statement.Protocol;
import java.util.ArrayList;
import java.util.List;

/** Random cursors of one transaction: declared for reads, and fetched from while there are rows whose order is certain. */
final class Cursors {
    private static final String FETCH = "fetch";

    /** One that has been declared, and not closed. */
    private record Cursor(String name, Order order) {}

    private final Values values;
    private final List<Cursor> open = new ArrayList<>();
    private int count;

    Cursors(Values values) {
        this.values = values;
    }

    /** Returns whether a cursor can be declared for a statement. */
    static boolean fits(Draft draft) {
        String text = draft.sql().literal();
        return text.startsWith("select") || text.startsWith("with") && !text.contains("insert");
    }

    Statement declare(Draft draft, Protocol protocol) {
        Cursor cursor = new Cursor("c" + count++, draft.order());
        open.add(cursor);
        String head = "declare " + cursor.name + values.oneOf(" cursor for ", " no scroll cursor for ");
        return Draft.of("declare cursor", Sql.of(head).add(draft.sql())).by(protocol);
    }

    boolean areOpen() {
        return !open.isEmpty();
    }

    /** Returns what is done with one of them. */
    Statement next() {
        Cursor cursor = values.oneOf(open.toArray(Cursor[]::new));
        if (values.oneIn(8)) {
            open.remove(cursor);
            return Statement.of("close", "close " + cursor.name).by(protocol());
        }
        if (cursor.order == Order.ANY) {
            // Which rows come first is a matter of luck.
            return Statement.of(FETCH, "fetch all from " + cursor.name).by(protocol());
        }
        String rows = values.oneOf("", "next", "forward", "2", "forward 3", "5", "all");
        Draft fetch = values.oneIn(6)
                ? Draft.of("move", Sql.of("move " + rows + " in " + cursor.name))
                : Draft.ordered(FETCH, Sql.of("fetch " + rows + " from " + cursor.name));
        return fetch.by(protocol());
    }

    private Protocol protocol() {
        return values.oneOf(Protocol.SIMPLE, Protocol.EXTENDED);
    }
}
