// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;

/**
 * Random calls of aggregates that need all their rows. What order PostgreSQL leaves open shows in none of them: either the order is total, or equal values are equal in all their
 * bytes, or only how many there are is asked for.
 */
final class Collected {
    private final Values values;

    Collected(Values values) {
        this.values = values;
    }

    /** Returns a call for itself. */
    String call(Source source) {
        Column column = values.oneOf(source.table().columns());
        String filter = values.oneIn(6) ? " filter (where " + source.column("c0") + " > 0)" : "";
        return values.oneOf(calls(source, column)) + filter;
    }

    private List<String> calls(Source source, Column column) {
        String name = source.column(column);
        String total = order(source);
        List<String> calls = new ArrayList<>(List.of(
                "array_agg(" + name + total + ")",
                "array_agg(" + name + " order by " + name + direction() + ")",
                "array_agg(distinct " + name + values.oneOf("", " order by " + name + direction()) + ")",
                "json_agg(" + name + total + ")",
                "jsonb_agg(" + name + total + ")",
                "json_object_agg(" + source.key() + ", " + name + total + ")",
                "jsonb_object_agg(" + source.column("n") + ", " + name + total + ")",
                "jsonb_agg(row(" + source.key() + ", " + name + ")" + total + ")",
                "mode() within group (order by " + name + direction() + ")"));
        String text = column.type() == ValueType.TEXT ? name : name + "::text";
        calls.add("string_agg(" + text + ", " + values.oneOf("','", "''", "E'\\n'", "null", source.column("c1")) + total
                + ")");
        calls.add("string_agg(distinct " + text + ", '|' order by " + text + ")");
        if (column.type() == ValueType.BYTEA) {
            calls.add("string_agg(" + name + ", " + values.oneOf("'\\x00'", "''", name) + total + ")");
        } else if (column.type().isNumber()) {
            calls.add("percentile_cont(" + values.oneOf("0.5", "0", "array[0.1, 0.75]") + ") within group (order by "
                    + name + ")");
        }
        if (column.type() != ValueType.BOOL) {
            calls.add("percentile_disc(" + values.oneOf("0.5", "1", "array[0.9, null]") + ") within group (order by "
                    + name + direction() + ")");
        }
        return calls;
    }

    private String order(Source source) {
        return " order by "
                + (values.oneIn(2) ? source.column(values.oneOf(source.table().others())) + direction() + ", " : "")
                + source.total();
    }

    private String direction() {
        return values.oneOf("", "", " desc", " nulls first", " desc nulls last");
    }

    /** Returns an expression over a call, of type int4, text or bool. */
    String computed(Source source) {
        String name = source.column(values.oneOf(source.table().columns()));
        return values.oneOf(
                "array_length(array_agg(" + name + "), 1)",
                "jsonb_array_length(jsonb_agg(" + name + "))",
                "length(string_agg(" + source.column("c1") + ", ', '))",
                "coalesce(string_agg(" + source.column("c1") + ", ','" + order(source) + "), 'none')",
                "(array_agg(" + name + order(source) + "))[" + (1 + values.below(3)) + "]",
                "array_to_string(array_agg(" + name + order(source) + "), '-', '?')",
                "json_agg(" + name + order(source) + ") ->> " + values.below(3),
                "4 = any (array_agg(" + source.column("n") + "))",
                "cardinality(array_agg(distinct " + name + ")) - 1");
    }
}
