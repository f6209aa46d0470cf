// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.List;
import java.util.function.Supplier;

/** Random queries over queries, tied together by keys most of the time, whose rows do not depend on plans. */
final class Nested {
    private final Values values;
    private final OracleSchema schema;
    private final Predicates predicates;

    Nested(Values values, OracleSchema schema) {
        this.values = values;
        this.schema = schema;
        this.predicates = new Predicates(values, schema);
    }

    /** Returns what makes one query of each class. */
    List<Supplier<Draft>> reads() {
        return List.of(
                this::semiJoin,
                this::semiJoin,
                this::scalar,
                this::derived,
                this::derived,
                this::lateral,
                this::with,
                this::union,
                this::union,
                this::keyOperation,
                this::window,
                this::distinctOn,
                this::outerJoin);
    }

    /** Returns what makes one write of each class. */
    List<Supplier<Draft>> writes() {
        return List.of(this::update, this::delete);
    }

    /** One of the two tables that can be joined. */
    private Source source(String alias) {
        return new Source(schema.sharded().get(values.below(2)), alias);
    }

    /** Most often the key of both, else another pair of columns. */
    private String tie(Source left, Source right) {
        return values.oneIn(6) ? left.column("n") + " = " + right.column("n") : left.key() + " = " + right.key();
    }

    private Sql maybe(String word, Source source) {
        return values.oneIn(2) ? Sql.NOTHING : Sql.NOTHING.optional(Sql.of(word).add(predicates.any(source, 0)));
    }

    /** Returns a condition about rows of another table. */
    private Sql among(Source outer) {
        Source inner = source("i");
        String not = values.oneOf("", "", "not ");
        String column = values.oneIn(8) ? "n" : "";
        String sought = column.isEmpty() ? outer.key() : outer.column(column);
        String found = column.isEmpty() ? inner.key() : inner.column(column);
        return switch (values.below(5)) {
            case 0 ->
                Sql.of(sought + " " + not + "in (select " + found + " from " + inner.from())
                        .add(maybe(" where ", inner))
                        .add(")");
            case 1 ->
                Sql.of("(" + outer.column("n") + ", " + sought + ") " + not + "in (select " + inner.column("n") + ", "
                                + found + " from " + inner.from())
                        .add(maybe(" where ", inner))
                        .add(")");
            case 2 ->
                Sql.of(sought + " = any (select " + found + " from " + inner.from() + " group by " + found
                        + values.oneOf("", " having count(*) > 1") + ")");
            default ->
                Sql.of(not + "exists (select 1 from " + inner.from() + " where " + tie(inner, outer))
                        .add(maybe(" and ", inner))
                        .add(")");
        };
    }

    private Draft semiJoin() {
        Source outer = source("o");
        Sql query = Sql.of("select " + values.oneOf("o.*", "o.n, o.c1", "count(*), min(o.n)") + " from " + outer.from()
                        + " where ")
                .add(among(outer))
                .add(maybe(" and ", outer));
        return Draft.of("semi join", query);
    }

    private Draft scalar() {
        Source outer = source("o");
        Source inner = source("i");
        String value = values.oneOf(
                "select count(*) from " + inner.from() + " where " + tie(inner, outer),
                "select max(i.n) from " + inner.from() + " where " + tie(inner, outer),
                "select i.c1 from " + inner.from() + " where " + inner.key() + " = " + outer.key() + " order by "
                        + inner.total() + " desc limit 1",
                "select string_agg(i.n::text, ',' order by " + inner.total() + ") from " + inner.from() + " where "
                        + tie(inner, outer));
        return Draft.of(
                "scalar sub-query",
                Sql.of("select " + outer.key() + ", o.n, (" + value + ") from " + outer.from())
                        .add(predicates.where(outer)));
    }

    private Draft derived() {
        Source inner = source("i");
        Source other = source("o");
        String key = inner.key();
        String query = values.oneOf(
                "select " + key + " k, i.n, i.c0 from " + inner.from(),
                "select " + key + " k, count(*) n from " + inner.from() + " group by " + key,
                "select " + key + " k, i.n, sum(i.c0) c0 from " + inner.from() + " group by i.n, " + key,
                "select distinct " + key + " k, i.c1, i.n from " + inner.from(),
                "select i.c0 k, i.n from " + inner.from(),
                "select " + key + " k, i.n from " + inner.from() + " union all select "
                        + other.column(other.table().key().name()) + ", o.n from " + other.from(),
                "select distinct on (" + key + ") " + key + " k, i.n from " + inner.from() + " order by " + key + ", "
                        + inner.total(),
                "select " + key + " k, row_number() over (partition by " + key + " order by " + inner.total()
                        + ") n from " + inner.from());
        return switch (values.below(4)) {
            case 0 -> Draft.of("derived table", Sql.of("select q.k, q.n from (" + query + ") q"));
            case 1 ->
                Draft.of(
                        "derived table",
                        Sql.of("select count(*), sum(q.n) from (" + query + ") q where q.n "
                                + values.oneOf("> 1", "is not null", "= 1")));
            case 2 ->
                Draft.of(
                        "derived table",
                        Sql.of("select q.k, q.n, p.c1 from (" + query + ") q"
                                        + values.oneOf(" join ", " left join ", " right join ")
                                        + inner.table().name()
                                        + " p on q.k::text = p."
                                        + inner.table().key().name() + "::text")
                                .add(" where p.n > 1"));
            default -> {
                Source joined = new Source(inner.table(), "p");
                yield Draft.of(
                        "derived table",
                        query.startsWith("select i.c0")
                                ? Sql.of("select q.k, p.n from (" + query + ") q join " + joined.from()
                                        + " on q.n = p.n")
                                : Sql.of("select q.k, q.n, p.c1 from (" + query + ") q"
                                                + values.oneOf(" join ", " left join ", " right join ", " full join ")
                                                + joined.from() + " on q.k = " + joined.key())
                                        .add(predicates.where(joined)));
            }
        };
    }

    private Draft lateral() {
        Source outer = source("o");
        Source inner = source("i");
        String query = values.oneOf(
                "select i.n, i.c1 from " + inner.from() + " where " + inner.key() + " = " + outer.key() + " order by "
                        + inner.total() + " limit 1",
                "select count(*) n, min(i.n) c1 from " + inner.from() + " where " + tie(inner, outer),
                "select i.n, i.c1 from " + inner.from() + " where " + inner.key() + " = " + outer.key());
        String join = values.oneOf(
                ", lateral (" + query + ") l", " cross join lateral (" + query + ") l",
                " left join lateral (" + query + ") l on true", " join lateral (" + query + ") l on l.n > 1");
        return Draft.of(
                "lateral",
                Sql.of("select " + outer.key() + ", o.n, l.n, l.c1 from " + outer.from() + join)
                        .add(predicates.where(outer)));
    }

    private Draft with() {
        Source inner = source("i");
        Source other = source("o");
        String key = inner.key();
        Sql head = Sql.of("with q as " + values.oneOf("", "materialized ", "not materialized ") + "(select "
                        + values.oneOf(key + " k, i.n, i.c1", "distinct " + key + " k, i.n, i.c1") + " from "
                        + inner.from())
                .add(predicates.where(inner))
                .add(") ");
        String last = values.oneOf(
                "select q.k, q.n from q",
                "select count(*), max(n) from q",
                "select a.k, b.n from q a join q b on a.k = b.k",
                "select " + other.key() + ", q.n from " + other.from() + " left join q on q.n = o.n",
                "select o.n, o.c1 from " + other.from() + " where exists (select 1 from q where q.n = o.n)",
                "select k, count(*) from q group by k",
                "select k from q union all select k from q",
                "select " + inner.key().replace("i.", "p.") + ", q.c1 from "
                        + inner.table().name() + " p join q on q.k = p."
                        + inner.table().key().name());
        return Draft.of("with", head.add(last));
    }

    private Draft union() {
        Source first = source("x");
        Source second = source("y");
        String word = values.oneOf(" union all ", " union all ", " union all ", " union ", " except ", " intersect ");
        Source third = values.oneIn(6) ? new Source(schema.reference(), "z") : second;
        String column = third.table().isReference() ? "z.code" : third.column("n");
        Sql query = Sql.of("select x.n, 1 w from " + first.from())
                .add(predicates.where(first))
                .add(word + "select " + column + ", 2 from " + third.from())
                .add(predicates.where(third));
        if (values.oneIn(2)) {
            return Draft.of("union", query);
        }
        // Both columns, so that rows which are not in order are equal.
        return Draft.ordered(
                "union",
                query.add(values.oneOf(" order by 1, 2", " order by 1 desc, w") + values.oneOf("", " limit 3")));
    }

    /** Set operations of rows with their keys. */
    private Draft keyOperation() {
        Source first = new Source(schema.sharded().get(0), "x");
        Source second = new Source(schema.sharded().get(values.below(2)), "y");
        String word =
                values.oneOf(" union ", " union all ", " except ", " except all ", " intersect ", " intersect all ");
        Sql query = Sql.of("select " + first.key() + " k, x.n from " + first.from())
                .add(predicates.where(first))
                .add(word + "select " + second.key() + ", y.n from " + second.from())
                .add(predicates.where(second));
        if (values.oneIn(4)) {
            Source third = new Source(schema.sharded().get(0), "z");
            query = query.add(values.oneOf(" union ", " union all ", " except ", " intersect ") + "select "
                    + third.key() + ", z.n from " + third.from());
        }
        return Draft.of("operation with key", query);
    }

    private Draft window() {
        Source source = source("o");
        String key = source.key();
        String call = values.oneOf(
                "row_number() over (partition by " + key + " order by " + source.total() + ")",
                "count(*) over (partition by " + key + ")",
                "sum(o.n) over (partition by o.c1, " + key + ")",
                "sum(o.n) filter (where o.n > 4) over (partition by " + key + ")",
                "lag(o.n) over (partition by " + key + " order by " + source.total() + "), max(o.n) over (partition by "
                        + key + ")");
        return values.oneIn(3)
                ? Draft.ordered(
                        "window by key",
                        Sql.of("select " + key + ", o.n, " + call + " from " + source.from())
                                .add(predicates.where(source))
                                .add(" order by " + source.total() + values.oneOf("", " limit 4")))
                : Draft.of(
                        "window by key",
                        Sql.of("select " + key + ", o.n, " + call + " from " + source.from())
                                .add(predicates.where(source)));
    }

    private Draft distinctOn() {
        Source source = source("o");
        String key = source.key();
        return Draft.ordered(
                "distinct on key",
                Sql.of("select distinct on (" + key + ") " + values.oneOf("o.*", key + ", o.n", "o.n, o.c0") + " from "
                                + source.from())
                        .add(predicates.where(source))
                        .add(" order by " + key + values.oneOf("", " desc") + ", " + source.total()
                                + values.oneOf("", " limit 3")));
    }

    private Draft outerJoin() {
        Source left = source("x");
        Source right = source("y");
        String join = values.oneOf(" right join ", " full join ");
        return Draft.of(
                "outer join",
                Sql.of("select " + left.key() + ", x.n, " + right.key() + ", y.n from " + left.from() + join
                        + right.from() + " on " + tie(left, right)
                        + values.oneOf("", "", " and x.n > 4", " and x.n = y.n")));
    }

    private Draft update() {
        Source target = source("o");
        Source inner = source("i");
        Sql set = values.oneIn(2)
                ? Sql.of("c0 = (select count(*) from " + inner.from() + " where " + tie(inner, target) + ")")
                : Sql.of("c0 = coalesce(c0, 0) + 1");
        return Draft.of(
                "update with sub-query",
                Sql.of("update " + target.from() + " set ")
                        .add(set)
                        .add(" where ")
                        .add(among(target))
                        .add(values.oneOf("", " returning o.n, o.c0")));
    }

    private Draft delete() {
        Source target = source("o");
        return Draft.of(
                "delete with sub-query",
                Sql.of("delete from " + target.from() + " where ")
                        .add(among(target))
                        .add(maybe(" and ", target)));
    }
}
