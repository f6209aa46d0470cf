// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Random conditions, most of them about the key. */
final class Predicates {
    private final Values values;
    private final OracleSchema schema;

    Predicates(Values values, OracleSchema schema) {
        this.values = values;
        this.schema = schema;
    }

    /** Returns a WHERE clause, most often one that names a single key. */
    Sql where(Source source) {
        return switch (values.below(10)) {
            case 0 -> Sql.NOTHING;
            case 1, 2, 3 -> Sql.of(" where ").add(any(source, 2));
            case 4, 5 -> Sql.of(" where ").add(oneKey(source));
            default -> {
                Sql more = any(source, 2);
                yield values.oneIn(2)
                        ? Sql.of(" where ")
                                .add(oneKey(source))
                                .optional(Sql.of(" and ").add(more))
                        : Sql.of(" where ").optional(more.add(" and ")).add(oneKey(source));
            }
        };
    }

    /** Returns a condition under which the key has one value, or none. */
    Sql oneKey(Source source) {
        Column key = source.table().key();
        Sql value = Sql.of(values.comparable(key));
        return switch (values.below(8)) {
            case 0 -> value.add(" = " + source.key());
            case 1 -> Sql.of(source.key() + " in (").add(value).add(")");
            case 2 ->
                Sql.of(source.key() + " = any (").add(Sql.of(values.array(key))).add(")");
            case 3 -> Sql.of("(" + source.key() + " = ").add(value).add(")");
            default -> Sql.of(source.key() + " = ").add(value);
        };
    }

    /** Returns any condition. */
    Sql any(Source source, int depth) {
        if (depth > 0) {
            switch (values.below(9)) {
                case 0:
                    return both(source, depth, "or");
                case 1:
                    return both(source, depth, "and");
                case 2:
                    return Sql.of("not (").add(any(source, depth - 1)).add(")");
                case 3:
                    return subquery(source, depth);
                default:
                    break;
            }
        }
        return values.oneIn(2)
                ? aboutTheKey(source)
                : about(source, values.oneOf(source.table().others()));
    }

    private Sql both(Source source, int depth, String word) {
        Sql second = Sql.of(" " + word + " ").add(any(source, depth - 1));
        return Sql.of("(").add(any(source, depth - 1)).optional(second).add(")");
    }

    private Sql aboutTheKey(Source source) {
        Column key = source.table().key();
        String column = source.key();
        return switch (values.below(10)) {
            case 0 -> oneKey(source);
            case 1 -> Sql.of(column + " in (").add(list(key)).add(")");
            case 2 -> Sql.of(column + " not in (").add(list(key)).add(")");
            case 3 -> Sql.of(column + " = any (").add(values.array(key)).add(")");
            case 4 -> Sql.of(column + " <> all (").add(values.array(key)).add(")");
            case 5 ->
                Sql.of(column + " between ")
                        .add(values.comparable(key))
                        .add(" and ")
                        .add(values.comparable(key));
            case 6 -> Sql.of(column + values.oneOf(" is null", " is not null", " = null"));
            case 7 ->
                Sql.of(column + values.oneOf(" is not distinct from ", " is distinct from "))
                        .add(values.comparable(key));
            case 8 ->
                Sql.of("(" + column + ", " + source.column("n") + ") = (")
                        .add(values.comparable(key))
                        .add(", 1)");
            default ->
                Sql.of(column + values.oneOf(" < ", " <= ", " > ", " >= ", " <> ", " = "))
                        .add(values.comparable(key));
        };
    }

    private Sql list(Column column) {
        List<Sql> elements = new ArrayList<>();
        values.texts(column)
                .forEach(text -> elements.add(Sql.of(values.parameter(column.type(), text, values.oneIn(2)))));
        return Sql.join(", ", elements);
    }

    private Sql about(Source source, Column column) {
        String name = source.column(column);
        return switch (values.below(8)) {
            case 0 -> Sql.of(name + values.oneOf(" is null", " is not null"));
            case 1 -> Sql.of(name + " in (").add(list(column)).add(")");
            case 2 ->
                Sql.of("coalesce(" + name + ", ")
                        .add(values.comparable(column))
                        .add(") = ")
                        .add(values.comparable(column));
            case 3 ->
                column.type() == ValueType.TEXT
                        ? Sql.of(name + values.oneOf(" like 'a%'", " like '%' || 'b'", " ilike 'B'", " ~ '^[ab]'"))
                        : Sql.of(name + " = any (").add(values.array(column)).add(")");
            case 4 -> column.type() == ValueType.BOOL ? Sql.of(name) : Sql.of("length(" + name + "::text) > 1");
            default ->
                Sql.of(name + values.oneOf(" < ", " >= ", " <> ", " = ", " = ")).add(values.comparable(column));
        };
    }

    private Sql subquery(Source source, int depth) {
        Table other = values.oneOf(schema.tables());
        Source inner = new Source(other, "q" + depth);
        Sql tie = Objects.equals(other.spread(), source.table().spread()) && !other.isReference()
                ? Sql.of(inner.key() + " = " + qualified(source))
                : oneKey(inner);
        Sql rest = Sql.of(" and ").add(any(inner, 0));
        return switch (values.below(4)) {
            case 0 ->
                Sql.of(cast(source, inner) + " in (select " + cast(inner, source) + " from " + inner.from() + " where ")
                        .add(any(inner, 0))
                        .add(")");
            case 1 ->
                Sql.of(source.column(firstNumber(source)) + " = (select max(" + inner.column(firstNumber(inner))
                                + ") from " + inner.from() + " where ")
                        .add(tie)
                        .optional(rest)
                        .add(")");
            default ->
                Sql.of(values.oneOf("", "not ") + "exists (select 1 from " + inner.from() + " where ")
                        .add(tie)
                        .optional(rest)
                        .add(")");
        };
    }

    /** A column of the inner table cannot hide the outer one behind an alias of its own. */
    private static String qualified(Source source) {
        return source.alias().isEmpty()
                ? source.table().name() + "." + source.table().key().name()
                : source.key();
    }

    /** Returns the key so that it can be compared with that of the other; no cast may fail, for whether it runs is up to the plan. */
    private static String cast(Source source, Source other) {
        return source.table().key().type() == other.table().key().type() ? source.key() : source.key() + "::text";
    }

    private static String firstNumber(Source source) {
        return source.table().isReference() ? "code" : "n";
    }
}
