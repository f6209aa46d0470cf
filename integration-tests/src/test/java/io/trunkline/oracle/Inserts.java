// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Random INSERT ... SELECT, most of which bring the key of each row along. What they insert does not depend on plans: rows that meet are equal, or fail.
 *
 * <p>Numbers that are inserted are greater than those that are read, so that tables do not double.
 */
final class Inserts {
    private static final int READ_BELOW = 8;

    private final Values values;
    private final OracleSchema schema;
    private final Predicates predicates;

    Inserts(Values values, OracleSchema schema) {
        this.values = values;
        this.schema = schema;
        this.predicates = new Predicates(values, schema);
    }

    /** Returns what makes one statement of each class. */
    List<Supplier<Draft>> writes() {
        return List.of(this::copied, this::copied, this::computed, this::nested, this::oddly);
    }

    /**
     * A query as it is put together for a target.
     *
     * @param values what becomes of its columns, by name; others get a constant
     * @param from the text from FROM on
     */
    private record Query(Map<String, String> values, Sql from) {}

    private Source source(String alias) {
        return new Source(schema.sharded().get(values.below(2)), alias);
    }

    /** Returns conditions that leave rows of first numbers. */
    private Sql where(Source source) {
        Sql first = Sql.of(" where " + source.column("n") + " < " + READ_BELOW);
        return switch (values.below(4)) {
            case 0 -> first.optional(Sql.of(" and ").add(predicates.oneKey(source)));
            case 1 -> first;
            default -> first.optional(Sql.of(" and ").add(predicates.any(source, 1)));
        };
    }

    private Draft copied() {
        Table target = source("").table();
        Source source = source("s");
        Source other = source("u");
        String tie = source.key() + " = " + other.key();
        Query query = switch (values.below(6)) {
            case 0 ->
                new Query(
                        columns(source.key(), shifted("s.n"), "r.code", "r.label"),
                        Sql.of(" from " + source.from() + values.oneOf(" join ", " left join ")
                                        + "ref r on r.code = s.n")
                                .add(where(source)));
            case 1 ->
                new Query(
                        columns(values.oneOf(source, other).key(), shifted("s.n * 100 + u.n"), "u.c0", "s.c1"),
                        Sql.of(" from " + source.from() + " join " + other.from() + " on " + tie)
                                .add(where(source))
                                .add(" and u.n < " + READ_BELOW));
            case 2 ->
                new Query(
                        columns(source.key(), shifted("s.n + 10 * g"), "g", "s.c1"),
                        Sql.of(" from " + source.from() + ", generate_series(1, 2) g")
                                .add(where(source)));
            case 3 ->
                new Query(
                        columns(source.key(), shifted("s.n"), "s.c0", "s.c1"),
                        Sql.of(" from " + source.from())
                                .add(where(source))
                                .add(" and " + values.oneOf("", "not ") + "exists (select 1 from " + other.from()
                                        + " where " + tie + ")"));
            default ->
                new Query(
                        columns(source.key(), shifted("s.n"), "s.c0", "s.c1"),
                        Sql.of(" from " + source.from()).add(where(source)));
        };
        return Draft.of("insert select", insert(target, "select ", query).add(meeting(target)));
    }

    /** One row of each key, or numbered ones. */
    private Draft computed() {
        Table target = source("").table();
        Source source = source("s");
        String key = source.key();
        Sql from = Sql.of(" from " + source.from()).add(where(source));
        String action = values.oneOf("", " on conflict do nothing", conflict(target) + " do nothing");
        return switch (values.below(4)) {
            case 0 ->
                Draft.of(
                        "insert select by window",
                        insert(
                                        target,
                                        "select ",
                                        new Query(
                                                columns(
                                                        key,
                                                        shifted("(row_number() over (partition by " + key + " order by "
                                                                + source.total() + "))::int4"),
                                                        "s.c0",
                                                        "s.c1"),
                                                from))
                                .add(meeting(target)));
            case 1 ->
                Draft.of(
                        "insert select distinct",
                        insert(target, "select distinct ", new Query(columns(key, "99", "5", "'x'"), from))
                                .add(action)
                                .add(returning(target)));
            case 2 ->
                Draft.of(
                        "insert select distinct on",
                        insert(
                                        target,
                                        "select distinct on (" + key + ") ",
                                        new Query(columns(key, shifted("s.n"), "s.c0", "s.c1"), from))
                                .add(" order by " + key + ", " + source.total())
                                .add(action));
            default ->
                Draft.of(
                        "insert select by group",
                        insert(
                                        target,
                                        "select ",
                                        new Query(
                                                columns(key, shifted("count(*)::int4"), "max(s.c0)", "min(s.c1)"),
                                                from.add(
                                                        " group by " + key + values.oneOf("", " having count(*) > 1"))))
                                .add(action)
                                .add(returning(target)));
        };
    }

    private Draft nested() {
        Table target = source("").table();
        Source source = source("s");
        Source other = source("u");
        Sql inner = Sql.of("select " + source.key() + " k, s.n, s.c0, s.c1 from " + source.from())
                .add(where(source));
        Query outer = new Query(columns("q.k", shifted("q.n"), "q.c0", "q.c1"), Sql.of(" from q"));
        Sql statement = switch (values.below(5)) {
            case 0 -> Sql.of("with q as (").add(inner).add(") ").add(insert(target, "select ", outer));
            case 1 -> insert(target, Sql.of("with q as (").add(inner).add(") select "), outer);
            case 2 ->
                insert(
                        target,
                        "select ",
                        new Query(outer.values, Sql.of(" from (").add(inner).add(") q")));
            case 3 ->
                insert(
                        target,
                        "select ",
                        new Query(
                                outer.values,
                                Sql.of(" from (")
                                        .add(inner)
                                        .add(values.oneOf(" union all ", " union ", " except ", " intersect ")
                                                + "select " + other.key() + ", u.n + 50, u.c0, u.c1 from "
                                                + other.from())
                                        .add(where(other))
                                        .add(") q")));
            default ->
                insert(
                                target,
                                "select ",
                                new Query(
                                        columns(source.key(), shifted("s.n"), "s.c0", "s.c1"),
                                        Sql.of(" from " + source.from()).add(where(source))))
                        .add(" union all select ")
                        .add(items(target, columns(other.key(), shifted("u.n + 3000"), "u.c0", "u.c1")))
                        .add(Sql.of(" from " + other.from()).add(where(other)));
        };
        return Draft.of("insert nested select", statement.add(meeting(target)));
    }

    /** What must not run on each shard by itself, unless there is but one. */
    private Draft oddly() {
        Table target = values.oneOf(schema.sharded());
        Source source = new Source(values.oneOf(schema.sharded()), "s");
        boolean alike = target.key().type() == source.table().key().type();
        String key = alike
                ? source.key()
                : source.key() + "::text::" + target.key().type().sql();
        Map<String, String> plain = columns(source.key(), shifted("s.n"), "s.c0", "s.c1");
        Sql from = Sql.of(" from " + source.from()).add(where(source));
        Sql statement = switch (values.below(7)) {
            case 0 ->
                insert(target, "select ", new Query(plain, from))
                        .add(" order by " + source.total() + values.oneOf("", " limit 3", " offset 2"));
            case 1 ->
                insert(
                        target,
                        "select ",
                        new Query(
                                columns(
                                        "min(" + source.key() + "::text)::"
                                                + target.key().type().sql(),
                                        shifted("count(*)::int4"),
                                        "s.c0",
                                        "min(s.c1)"),
                                from.add(" group by s.c0")));
            case 2 -> insert(target, Sql.of("select "), new Query(columns("", shifted("s.n"), "s.c0", "s.c1"), from));
            case 3 ->
                insert(
                        target,
                        "select ",
                        new Query(columns("coalesce(" + key + ", " + key + ")", shifted("s.n"), "s.c0", "s.c1"), from));
            case 4 ->
                insert(
                        target,
                        "select ",
                        new Query(
                                columns(
                                        key,
                                        shifted("s.n"),
                                        "(select count(*) from "
                                                + values.oneOf(schema.tables()).name() + ")::int4",
                                        "s.c1"),
                                from));
            case 5 ->
                insert(
                        target,
                        "select ",
                        new Query(
                                columns(
                                        source.key(),
                                        shifted("(row_number() over (order by " + source.total() + "))::int4"),
                                        "s.c0",
                                        "s.c1"),
                                from));
            default -> insert(target, "select ", new Query(plain, from)).add(" returning *");
        };
        return Draft.of("insert select oddly", statement);
    }

    private String shifted(String number) {
        return number + " + " + (READ_BELOW + values.below(2_000));
    }

    private static Map<String, String> columns(String key, String n, String c0, String c1) {
        return Map.of("", key, "n", n, "c0", c0, "c1", c1);
    }

    private Sql insert(Table target, String head, Query query) {
        return insert(target, Sql.of(head), query);
    }

    private Sql insert(Table target, Sql head, Query query) {
        String names = String.join(", ", given(target).map(Column::name).toList());
        return Sql.of("insert into " + target.name() + " (" + names + ") ")
                .add(head)
                .add(items(target, query.values))
                .add(query.from);
    }

    private Sql items(Table target, Map<String, String> values) {
        return Sql.join(
                ", ", given(target).map(column -> item(target, column, values)).toList());
    }

    /** Columns that must have a value, and some that may. */
    private static Stream<Column> given(Table target) {
        return target.columns().stream()
                .filter(column -> !column.nullable() || column.name().matches("c[01]"));
    }

    private Sql item(Table target, Column column, Map<String, String> expressions) {
        String expression = expressions.getOrDefault(column == target.key() ? "" : column.name(), "");
        return expression.isEmpty()
                ? Sql.of(values.storable(column)).add("::" + column.type().sql())
                : Sql.of(expression);
    }

    private static String conflict(Table target) {
        return " on conflict (" + String.join(", ", target.primaryKey()) + ")";
    }

    /** Rows of one key that meet fail, with or without this. */
    private Sql meeting(Table target) {
        return Sql.NOTHING
                .optional(
                        values.oneIn(3)
                                ? Sql.of(conflict(target) + " do update set c1 = excluded.c1"
                                        + values.oneOf("", " where " + target.name() + ".c0 is not null"))
                                : Sql.NOTHING)
                .add(returning(target));
    }

    private Sql returning(Table target) {
        return values.oneIn(2)
                ? Sql.NOTHING
                : Sql.NOTHING.optional(Sql.of(" returning "
                        + values.oneOf(
                                "*",
                                target.key().name(),
                                "n + 1, " + target.key().name())));
    }
}
