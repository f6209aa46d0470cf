// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Random queries that ask more of groups than aggregates for themselves. None fails for one group only: how many rows come before depends on plans. */
final class Groups {
    private final Values values;
    private final OracleSchema schema;
    private final Predicates predicates;
    private final Collected collected;

    Groups(Values values, OracleSchema schema, Predicates predicates) {
        this.values = values;
        this.schema = schema;
        this.predicates = predicates;
        this.collected = new Collected(values);
    }

    /** Returns what makes one query of each class. */
    List<Supplier<Draft>> classes() {
        return List.of(this::ofAll, this::grouped, this::grouped, this::having, this::distinct);
    }

    private Source source() {
        return new Source(values.oneOf(schema.sharded()), values.oneOf("", "t"));
    }

    private Draft ofAll() {
        Source source = source();
        Sql query = Sql.of("select ").add(computed(source, List.of()));
        for (int i = values.below(3); i > 0; i--) {
            query = query.add(", ").add(computed(source, List.of()));
        }
        return Draft.of(
                "aggregate expression",
                query.add(" from " + source.from())
                        .add(predicates.where(source))
                        .optional(having(source, List.of())));
    }

    private Draft grouped() {
        Source source = source();
        List<String> keys = keys(source);
        // Some are names of columns, too.
        String alias = keys.size() == 1 && values.oneIn(3) ? values.oneOf("g", "h", "c1", "k") : "";
        Sql query = Sql.of("select " + String.join(", ", keys) + (alias.isEmpty() ? ", " : " as " + alias + ", "))
                .add(computed(source, keys))
                .add(", ")
                .add(computed(source, keys))
                .add(" from " + source.from())
                .add(predicates.where(source))
                .add(" group by " + (alias.isEmpty() ? grouping(keys) : alias))
                .optional(values.oneIn(3) ? having(source, keys) : Sql.NOTHING);
        // Where the name is a column's it is that which is grouped by, and the order by what is selected is not total.
        boolean mayBeColumn = alias.equals("c1") || alias.equals("k");
        if (values.oneIn(2) || mayBeColumn) {
            return Draft.of("group expression", query);
        }
        Sql first = values.oneIn(2)
                ? Sql.of(Integer.toString(keys.size() + 1))
                : computed(source, keys).add(values.oneOf("", " desc", " nulls first"));
        return Draft.ordered(
                "group expression",
                query.add(" order by ")
                        .add(first)
                        .add(", " + String.join(", ", keys))
                        .optional(Sql.of(values.oneOf("", " limit 3", " limit 2 offset 1", " offset 2"))));
    }

    private Draft having() {
        Source source = source();
        List<String> keys = keys(source);
        return Draft.of(
                "having",
                Sql.of("select " + values.oneOf(keys) + ", count(*) from " + source.from())
                        .add(predicates.where(source))
                        .add(" group by " + grouping(keys))
                        .add(having(source, keys)));
    }

    private Draft distinct() {
        Source source = source();
        List<String> keys = keys(source);
        Sql query = Sql.of("select distinct ")
                .add(computed(source, keys))
                .add(" as v, count(*) from " + source.from())
                .add(predicates.where(source))
                .add(" group by " + grouping(keys))
                .optional(having(source, keys));
        return values.oneIn(2)
                ? Draft.of("distinct groups", query)
                : Draft.ordered("distinct groups", query.add(" order by v, 2 desc"));
    }

    private List<String> keys(Source source) {
        List<String> keys = new ArrayList<>();
        for (int i = values.oneIn(3) ? 2 : 1; i > 0; i--) {
            Column column = values.oneOf(source.table().columns());
            String name = source.column(column);
            keys.add(
                    switch (column.type()) {
                        case INT4, INT8 -> values.oneOf(name, name + " % 3", "abs(" + name + ")");
                        case TEXT -> values.oneOf(name, "length(" + name + ")", "left(" + name + ", 1)");
                        case TIMESTAMPTZ -> values.oneOf(name, "date_trunc('day', " + name + ")", name + "::date");
                        case NUMERIC, BOOL, BYTEA, UUID -> name;
                    });
        }
        return keys;
    }

    private String grouping(List<String> keys) {
        return String.join(", ", keys);
    }

    private Sql having(Source source, List<String> keys) {
        Sql sql = Sql.of(" having ");
        return switch (values.below(5)) {
            case 4 -> sql.add(collected.computed(source) + " is not null");
            case 0 -> sql.add("count(*) " + values.oneOf(">", "<=", "<>") + " " + values.below(4));
            case 1 ->
                sql.add(number(source) + " " + values.oneOf(">", "<", "between -100 and") + " ")
                        .add(values.parameter(ValueType.INT4, Integer.toString(values.below(9)), true));
            case 2 -> sql.add(number(source) + " is " + values.oneOf("", "not ") + "null or count(*) > 2");
            default ->
                keys.isEmpty()
                        ? sql.add("max(" + source.column("c1") + ") is not null")
                        : sql.add(values.oneOf(keys) + " is not null and count(" + source.column("c0") + ") > 0");
        };
    }

    /** Returns an expression over aggregates, and now and then over what is grouped by. */
    private Sql computed(Source source, List<String> keys) {
        if (values.oneIn(4)) {
            return Sql.of(collected.computed(source));
        }
        String one = number(source);
        String other = number(source);
        int choice = values.below(keys.isEmpty() ? 11 : 14);
        return switch (choice) {
            case 0 -> Sql.of(one + " + " + other);
            case 1 -> Sql.of("(" + one + ") - " + other + " * 2");
            case 2 -> Sql.of(one + " / nullif(" + other + ", 0)");
            case 3 ->
                Sql.of("coalesce(" + one + ", ")
                        .add(values.parameter(ValueType.INT4, Integer.toString(values.below(9)), values.oneIn(2)))
                        .add(")");
            case 4 -> Sql.of("round(" + one + "::numeric, " + values.below(4) + ")");
            case 5 ->
                Sql.of("case when " + one + " > " + other + " then 'more' when " + one + " is null then null end");
            case 6 -> Sql.of(one + " > " + other);
            case 7 -> Sql.of("abs(" + one + ")::text || '/' || " + other);
            case 8 -> Sql.of(one + " * ").add(values.parameter(ValueType.NUMERIC, "1.50", true));
            case 9 -> Sql.of("-" + one);
            case 10 -> Sql.of("max(" + source.column("c1") + ") is null");
            case 11 -> Sql.of("(" + values.oneOf(keys) + ")::text || " + one);
            case 12 -> Sql.of("coalesce(" + values.oneOf(keys) + " is null, " + one + " > 1)");
            default -> Sql.of(values.oneOf(keys) + " is distinct from null");
        };
    }

    private String number(Source source) {
        List<Column> numbers = source.table().columns().stream()
                .filter(column -> column.type().isNumber())
                .toList();
        String name = source.column(values.oneOf(numbers));
        String filter = values.oneIn(8) ? " filter (where " + source.column("c0") + " > 0)" : "";
        return values.oneOf(
                        "count(*)",
                        "sum(" + name + ")",
                        "avg(" + name + ")",
                        "min(" + name + ")",
                        "max(" + name + ")",
                        "count(" + name + ")",
                        "count(distinct " + source.column(Column.NUMBER) + ")",
                        values.oneOf("sum", "avg") + "(distinct " + source.column(Column.NUMBER) + ")",
                        "stddev(" + name + ")")
                + filter;
    }
}
