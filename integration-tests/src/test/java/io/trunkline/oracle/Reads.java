// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Random queries, whose rows do not depend on plans: no LIMIT without a total order, no aggregate that shows an order which is not total. */
final class Reads {
    private final Values values;
    private final OracleSchema schema;
    private final Predicates predicates;
    private final Collected collected;

    Reads(Values values, OracleSchema schema) {
        this.values = values;
        this.schema = schema;
        this.predicates = new Predicates(values, schema);
        this.collected = new Collected(values);
    }

    /** Returns what makes one query of each class. */
    List<Supplier<Draft>> classes() {
        List<Supplier<Draft>> classes = new ArrayList<>(new Groups(values, schema, predicates).classes());
        classes.addAll(List.of(
                this::point,
                this::point,
                this::inList,
                this::anyArray,
                this::predicate,
                this::predicate,
                this::joinByKey,
                this::joinByKey,
                this::joinWithReference,
                this::joinOfOthers,
                this::derivedTable,
                this::cte,
                this::setOperation,
                this::aggregate,
                this::aggregate,
                this::groupBy,
                this::orderAndLimit,
                this::orderAndLimit,
                this::distinct,
                this::window,
                this::locking,
                this::reference,
                this::withoutTable,
                this::failing,
                this::copyOut));
        return classes;
    }

    Source sharded() {
        return new Source(values.oneOf(schema.sharded()), values.oneOf("", "t"));
    }

    private Draft point() {
        Source source = sharded();
        return Draft.of(
                "point read",
                Sql.of("select " + list(source) + " from " + source.from() + " where ")
                        .add(predicates.oneKey(source)));
    }

    private Draft inList() {
        Source source = sharded();
        Column key = source.table().key();
        List<Sql> elements = new ArrayList<>();
        values.texts(key).forEach(text -> elements.add(Sql.of(values.parameter(key.type(), text, values.oneIn(2)))));
        return Draft.of(
                "in list",
                Sql.of("select " + list(source) + " from " + source.from() + " where " + source.key() + " in (")
                        .add(Sql.join(", ", elements))
                        .add(")"));
    }

    private Draft anyArray() {
        Source source = sharded();
        return Draft.of(
                "any array",
                Sql.of("select " + list(source) + " from " + source.from() + " where " + source.key() + " = any (")
                        .add(values.array(source.table().key()))
                        .add(")"));
    }

    private Draft predicate() {
        Source source = sharded();
        return Draft.of(
                "predicate",
                Sql.of("select " + list(source) + " from " + source.from()).add(predicates.where(source)));
    }

    private Draft joinByKey() {
        Source left = new Source(schema.sharded().get(0), "x");
        Source right = new Source(schema.sharded().get(values.oneIn(3) ? 0 : 1), "y");
        String tie = left.key() + " = " + right.key();
        String columns = "x." + left.table().key().name() + ", x.n, y.n, y.c1";
        Sql where = predicates.where(values.oneOf(left, right));
        if (values.oneIn(4)) {
            Sql condition = where.literal().isEmpty() ? Sql.of(" where " + tie) : where.add(" and " + tie);
            return Draft.of(
                    "join by key",
                    Sql.of("select " + columns + " from " + left.from() + ", " + right.from())
                            .add(condition));
        }
        String join = values.oneOf(" join ", " join ", " left join ", " right join ", " full join ");
        Sql on = Sql.of(tie).optional(Sql.of(" and ").add(predicates.any(values.oneOf(left, right), 0)));
        return Draft.of(
                "join by key",
                Sql.of("select " + columns + " from " + left.from() + join + right.from() + " on ")
                        .add(on)
                        .optional(where));
    }

    private Draft joinWithReference() {
        Source source = new Source(values.oneOf(schema.sharded()), "t");
        Source reference = new Source(schema.reference(), "r");
        String join = values.oneOf(
                source.from() + " join " + reference.from() + " on r.code = t.c0",
                source.from() + " left join " + reference.from() + " on r.code = t.c0",
                reference.from() + " left join " + source.from() + " on r.code = t.c0",
                reference.from() + " join " + source.from() + " on r.code = t.n",
                source.from() + " cross join " + reference.from(),
                source.from() + ", " + reference.from());
        return Draft.of(
                "join with reference",
                Sql.of("select t.*, r.label from " + join).add(predicates.where(source)));
    }

    private Draft joinOfOthers() {
        Source left = new Source(schema.sharded().get(0), "x");
        Source right = new Source(schema.sharded().get(2), "y");
        Sql where = Sql.of(" where ")
                .add(predicates.oneKey(left))
                .optional(Sql.of(" and ").add(predicates.oneKey(right)));
        return Draft.of(
                "join not by key",
                Sql.of("select x.*, y.c1 from " + left.from() + " join " + right.from() + " on x.n = y.n")
                        .add(where));
    }

    private Draft derivedTable() {
        Source inner = new Source(values.oneOf(schema.sharded()), "i");
        Source other = new Source(inner.table(), "o");
        String key = inner.table().key().name();
        Sql query =
                Sql.of("select i." + key + ", i.n, i.c0 from " + inner.from()).add(predicates.where(inner));
        return switch (values.below(4)) {
            case 0 ->
                Draft.of("subquery", Sql.of("select q.* from (").add(query).add(") q"));
            case 1 ->
                Draft.of(
                        "subquery",
                        Sql.of("select o.c1, q.n from " + other.from() + " join (")
                                .add(query)
                                .add(") q on q." + key + " = " + other.key())
                                .optional(predicates.where(other)));
            case 2 ->
                Draft.of(
                        "subquery",
                        Sql.of("select o." + key + ", (select count(*) from " + inner.from() + " where " + inner.key()
                                        + " = " + other.key() + ") from " + other.from())
                                .add(predicates.where(other)));
            default ->
                Draft.of(
                        "subquery",
                        Sql.of("select o.n, l.s from " + other.from() + " cross join lateral (select sum(i.n) s from "
                                        + inner.from() + " where " + inner.key() + " = " + other.key() + ") l")
                                .add(predicates.where(other)));
        };
    }

    private Draft cte() {
        Source inner = new Source(values.oneOf(schema.sharded()), "i");
        Source other = new Source(values.oneOf(schema.sharded()), "o");
        Sql query = Sql.of("with q as (select i.* from " + inner.from())
                .add(predicates.where(inner))
                .add(") select ");
        return values.oneIn(2)
                ? Draft.of("cte", query.add("count(*), min(n) from q"))
                : Draft.of(
                        "cte",
                        query.add("q.n, o.c1 from q join " + other.from() + " on q.n = o.n")
                                .add(predicates.where(other)));
    }

    private Draft setOperation() {
        Source first = sharded();
        Source second = values.oneIn(3) ? new Source(first.table(), "s") : sharded();
        String word = values.oneOf(" union ", " union all ", " intersect ", " except ", " except all ");
        Sql operation = Sql.of("select " + first.column("n") + ", " + first.column("c1") + " from " + first.from())
                .add(predicates.where(first))
                .add(word)
                .add("select " + second.column("n") + ", " + second.column("c1") + " from " + second.from())
                .add(predicates.where(second));
        return values.oneIn(3) && word.equals(" union ")
                ? Draft.ordered("set operation", operation.add(" order by 1, 2"))
                : Draft.of("set operation", operation);
    }

    private Draft aggregate() {
        Source source = sharded();
        List<String> columns = new ArrayList<>();
        for (int i = 0; i <= values.below(3); i++) {
            columns.add(
                    aggregateOf(source) + (values.oneIn(6) ? " filter (where " + source.column("n") + " > 0)" : ""));
        }
        return Draft.of(
                "aggregate",
                Sql.of("select " + String.join(", ", columns) + " from " + source.from())
                        .add(predicates.where(source)));
    }

    private String aggregateOf(Source source) {
        Column column = values.oneOf(source.table().columns());
        String name = source.column(column);
        ValueType type = column.type();
        List<String> choices = new ArrayList<>(List.of(
                "count(*)",
                "count(" + name + ")",
                "count(distinct " + name + ")",
                collected.call(source),
                collected.call(source)));
        if (type.hasExtremes()) {
            choices.addAll(List.of("min(" + name + ")", "max(" + name + ")"));
        }
        if (type.isNumber()) {
            choices.addAll(List.of(
                    "sum(" + name + ")",
                    "avg(" + name + ")",
                    "sum(distinct " + name + ")",
                    "stddev(" + name + ")",
                    "var_pop(" + name + ")",
                    "corr(" + name + ", " + source.column("n") + ")"));
        } else if (type == ValueType.BOOL) {
            choices.addAll(List.of("bool_and(" + name + ")", "every(" + name + ")", "bool_or(" + name + ")"));
        }
        return values.oneOf(choices);
    }

    private Draft groupBy() {
        Source source = sharded();
        Column column = values.oneOf(source.table().columns());
        String name = source.column(column);
        Sql having = values.oneIn(3) ? Sql.of(" having count(*) > 1") : Sql.NOTHING;
        String grouping = values.oneIn(8) ? "rollup (" + name + ")" : name;
        Sql query = Sql.of("select " + name + ", " + aggregateOf(source) + ", count(*) from " + source.from())
                .add(predicates.where(source))
                .add(" group by " + grouping)
                .optional(having);
        return values.oneIn(3) && grouping.equals(name)
                ? Draft.ordered("group by", query.add(" order by 1" + values.oneOf("", " desc", " nulls first")))
                : Draft.of("group by", query);
    }

    private Draft orderAndLimit() {
        Source source = sharded();
        String first = source.column(values.oneOf(source.table().columns()))
                + values.oneOf("", " desc", " nulls first", " asc");
        Sql query = Sql.of("select " + list(source) + " from " + source.from())
                .add(predicates.where(source))
                .add(" order by " + first + ", " + source.total());
        Sql limit = switch (values.below(5)) {
            case 0 -> Sql.of(" limit " + values.below(5));
            case 1 -> Sql.of(" limit 3 offset " + values.below(4));
            case 2 -> Sql.of(" offset 1 rows fetch first 2 rows only");
            case 3 -> Sql.of(" limit null");
            default -> Sql.NOTHING;
        };
        return Draft.ordered("order by, limit", query.optional(limit));
    }

    private Draft distinct() {
        Source source = sharded();
        String column = source.column(values.oneOf(source.table().columns()));
        return values.oneIn(2)
                ? Draft.of(
                        "distinct",
                        Sql.of("select distinct " + column + " from " + source.from())
                                .add(predicates.where(source)))
                : Draft.ordered(
                        "distinct",
                        Sql.of("select distinct on (" + column + ") " + column + ", " + source.total() + " from "
                                        + source.from())
                                .add(predicates.where(source))
                                .add(" order by " + column + ", " + source.total()));
    }

    private Draft window() {
        Source source = sharded();
        String over = values.oneOf(
                "row_number() over (order by " + source.total() + ")",
                "sum(" + source.column("n") + ") over (partition by " + source.key() + ")",
                "rank() over (partition by " + source.column("c1") + " order by " + source.total() + ")",
                "lag(" + source.column("c0") + ") over (order by " + source.total() + ")");
        return Draft.of(
                "window",
                Sql.of("select " + source.total() + ", " + over + " from " + source.from())
                        .add(predicates.where(source)));
    }

    private Draft locking() {
        Source source = sharded();
        return Draft.of(
                "select for update",
                Sql.of("select " + list(source) + " from " + source.from())
                        .add(predicates.where(source))
                        .add(values.oneOf(" for update", " for share", " for no key update")));
    }

    private Draft reference() {
        Source source = new Source(schema.reference(), values.oneOf("", "r"));
        return values.oneIn(3)
                ? Draft.ordered("reference read", Sql.of("select * from " + source.from() + " order by code"))
                : Draft.of(
                        "reference read",
                        Sql.of("select " + list(source) + " from " + source.from() + " where ")
                                .add(predicates.any(source, 1)));
    }

    private Draft withoutTable() {
        Column column = values.oneOf(schema.sharded().get(0).columns());
        return switch (values.below(4)) {
            case 0 -> Draft.of("no table", Sql.of("select 1, null, 'a'"));
            case 1 -> Draft.ordered("no table", Sql.of("values (1, 'x'), (2, null)"));
            case 2 -> Draft.ordered("no table", Sql.of("select i, i * 2 from generate_series(1, 4) i order by i"));
            default ->
                Draft.of(
                        "no table",
                        Sql.of("select ")
                                .add(values.comparable(column))
                                .add("::" + column.type().sql() + " as v"));
        };
    }

    private Draft failing() {
        Source source = sharded();
        Sql where = Sql.of(" where ").add(predicates.oneKey(source));
        return Draft.of(
                "error",
                switch (values.below(5)) {
                    case 0 -> Sql.of("select 1/0 from " + source.from()).add(where);
                    case 1 -> Sql.of("select missing from " + source.from()).add(where);
                    case 2 ->
                        Sql.of("select " + source.column("n") + "::bool::bytea from " + source.from())
                                .add(where);
                    case 3 -> Sql.of("select * from " + source.from() + " where " + source.key() + " = any (1, 2)");
                    default -> Sql.of("select 'x'::int4 from " + source.from()).add(where);
                });
    }

    private Draft copyOut() {
        Source source = sharded();
        return Draft.of(
                "copy to",
                values.oneIn(2)
                        ? Sql.of("copy " + source.table().name()
                                + values.oneOf("", " (" + source.table().columnNames() + ")")
                                + " to stdout"
                                + copyOptions())
                        : Sql.of("copy ("
                                + Sql.of(values.oneOf(
                                                        "select ",
                                                        "select ",
                                                        "select distinct " + source.key() + ", ",
                                                        "select count(*), ")
                                                + list(source) + " from " + source.from())
                                        .add(predicates.where(source))
                                        .literal()
                                + ") to stdout"
                                + copyOptions()));
    }

    /** Binary data begin with a header in the message of the first row, which is another row on each server. */
    private String copyOptions() {
        return values.oneOf("", "", " csv", " (format csv, header)", " with (header, delimiter ';')");
    }

    private String list(Source source) {
        return switch (values.below(4)) {
            case 0 -> "*";
            case 1 ->
                source.key() + ", " + source.column(values.oneOf(source.table().others()));
            case 2 ->
                source.table().columns().stream()
                        .map(source::column)
                        .collect(java.util.stream.Collectors.joining(", "));
            default -> source.column(values.oneOf(source.table().others())) + " as v, " + source.key();
        };
    }
}
