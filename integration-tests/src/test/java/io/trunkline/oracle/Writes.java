// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Random statements that change rows, in a way that does not depend on plans. */
final class Writes {
    private final Values values;
    private final OracleSchema schema;
    private final Predicates predicates;

    Writes(Values values, OracleSchema schema) {
        this.values = values;
        this.schema = schema;
        this.predicates = new Predicates(values, schema);
    }

    /** Returns what makes one statement of each class. */
    List<Supplier<Draft>> classes() {
        return List.of(
                this::insertOne,
                this::insertOne,
                this::insertSeveral,
                this::upsert,
                this::insertSelect,
                this::insertOddly,
                this::updateByKey,
                this::updateByKey,
                this::updateByPredicate,
                this::updateOfKey,
                this::updateFrom,
                this::delete,
                this::delete,
                this::deleteUsing,
                this::writeInWith,
                this::merge,
                this::referenceWrite,
                this::referenceWrite,
                this::referenceWrite,
                this::onEveryShard,
                this::copyIn);
    }

    private Table table() {
        return values.oneOf(schema.sharded());
    }

    private Draft insertOne() {
        Table table = table();
        return Draft.of("insert one", insert(table, List.of(row(table))).optional(returning(new Source(table, ""))));
    }

    private Draft insertSeveral() {
        Table table = table();
        List<Sql> rows = new ArrayList<>();
        Sql first = row(table);
        rows.add(first);
        boolean sameKey = values.oneIn(2);
        Parameter key = values.storable(table.key());
        if (sameKey) {
            rows.set(0, row(table, key));
        }
        for (int i = 0; i <= values.below(3); i++) {
            rows.add(sameKey ? row(table, key) : row(table));
        }
        return Draft.of("insert several", insert(table, rows).optional(returning(new Source(table, ""))));
    }

    private Draft upsert() {
        Table table = table();
        String target = "(" + String.join(", ", table.primaryKey()) + ")";
        String action = values.oneOf(
                " on conflict do nothing",
                " on conflict " + target + " do nothing",
                " on conflict " + target + " do update set c1 = excluded.c1",
                " on conflict " + target + " do update set c0 = " + table.name() + ".c0 + 1, c1 = excluded.c1 where "
                        + table.name() + ".c0 is not null");
        return Draft.of(
                "upsert", insert(table, List.of(row(table))).add(action).optional(returning(new Source(table, ""))));
    }

    private Draft insertSelect() {
        Table table = table();
        Source from = new Source(table, "s");
        String columns = table.columns().stream()
                .map(column -> column.isNumber() ? "s.n + 7" : from.column(column))
                .collect(Collectors.joining(", "));
        return Draft.of(
                "insert select",
                Sql.of("insert into " + table.name() + " (" + table.columnNames() + ") select " + columns + " from "
                                + from.from() + " where ")
                        .add(predicates.oneKey(from)));
    }

    private Draft insertOddly() {
        Table table = table();
        Sql row = row(table);
        return Draft.of(
                "insert oddly",
                switch (values.below(4)) {
                    case 0 ->
                        Sql.of("insert into " + table.name() + " values (")
                                .add(row)
                                .add(")");
                    case 1 ->
                        Sql.of("insert into " + table.name() + " (" + table.columnNames() + ") select ")
                                .add(row);
                    case 2 -> Sql.of("insert into " + table.name() + " (n) values (1)");
                    default -> Sql.of("insert into " + table.name() + " default values");
                });
    }

    private Draft updateByKey() {
        Source source = source();
        return Draft.of(
                "update by key",
                update(source, assignment(source.table()))
                        .add(" where ")
                        .add(predicates.oneKey(source))
                        .optional(Sql.of(" and ").add(predicates.any(source, 1)))
                        .optional(returning(source)));
    }

    private Draft updateByPredicate() {
        Source source = source();
        return Draft.of(
                "update by predicate",
                update(source, assignment(source.table()))
                        .add(predicates.where(source))
                        .optional(returning(source)));
    }

    private Draft updateOfKey() {
        Source source = source();
        Column key = source.table().key();
        Sql assignment =
                Sql.of(key.name() + " = ").add(values.oneIn(3) ? Sql.of(key.name()) : Sql.of(values.storable(key)));
        return Draft.of(
                "update of key", update(source, assignment).add(" where ").add(predicates.oneKey(source)));
    }

    private Draft updateFrom() {
        Source source = new Source(schema.sharded().get(0), "t");
        Source reference = new Source(schema.reference(), "r");
        return Draft.of(
                "update from",
                Sql.of("update " + source.from() + " set c1 = r.label from " + reference.from()
                                + " where r.code = t.n and ")
                        .add(predicates.oneKey(source))
                        .optional(Sql.of(" and ").add(predicates.any(reference, 0))));
    }

    private Draft delete() {
        Source source = source();
        return Draft.of(
                "delete",
                Sql.of("delete from " + source.from())
                        .add(predicates.where(source))
                        .optional(returning(source)));
    }

    private Draft deleteUsing() {
        Source source = new Source(schema.sharded().get(0), "t");
        Source other = new Source(schema.sharded().get(1), "u");
        return Draft.of(
                "delete using",
                Sql.of("delete from " + source.from() + " using " + other.from() + " where " + source.key() + " = "
                                + other.key() + " and ")
                        .add(predicates.oneKey(values.oneOf(source, other)))
                        .optional(Sql.of(" and ").add(predicates.any(other, 0))));
    }

    private Draft writeInWith() {
        Source source = source();
        Source other = new Source(schema.sharded().get(1), "o");
        return Draft.of(
                "write in with",
                Sql.of("with w as (delete from " + source.from() + " where ")
                        .add(predicates.oneKey(source))
                        .add(" returning " + source.column("n") + ") select count(*) from w")
                        .optional(Sql.of(", " + other.from() + " where ").add(predicates.oneKey(other))));
    }

    private Draft merge() {
        Source source = new Source(schema.sharded().get(0), "t");
        return Draft.of(
                "merge",
                Sql.of("merge into " + source.from() + " using (select ")
                        .add(values.storable(source.table().key()))
                        .add("::" + source.table().key().type().sql() + " as k) s on " + source.key()
                                + " = s.k when matched then update set c0 = 5"));
    }

    private Draft referenceWrite() {
        Column code = schema.reference().key();
        return Draft.of(
                "reference write",
                switch (values.below(8)) {
                    case 0 ->
                        Sql.of("insert into ref (code, label) values (")
                                .add(values.storable(code))
                                .add(", 'new') on conflict (code) do update set label = excluded.label")
                                .optional(referenceReturning());
                    case 1 ->
                        Sql.of("update ref set label = coalesce(label, '') || 'x' where code = ")
                                .add(values.comparable(code))
                                .optional(referenceReturning());
                    case 2 ->
                        Sql.of("delete from ref where code = ")
                                .add(values.comparable(code))
                                .optional(referenceReturning());
                    case 3 ->
                        Sql.of("insert into ref (code, flag) values (")
                                .add(values.storable(code))
                                .add(", true), (")
                                .add(values.storable(code))
                                .add(", null)")
                                .optional(Sql.of(" on conflict do nothing"))
                                .optional(referenceReturning());
                    case 4 ->
                        Sql.of("insert into ref (label, code, flag) select 'was ' || r.label, r.code + 100, not r.flag"
                                        + " from ref r where r.code < ")
                                .add(values.comparable(code))
                                .optional(Sql.of(" on conflict (code) do update set flag = not ref.flag"));
                    case 5 ->
                        Sql.of("update ref set flag = not flag, label = ")
                                .add(values.storable(schema.reference().others().get(0)))
                                .optional(Sql.of(" where flag"));
                    case 6 ->
                        Sql.of("update ref set label = (select s.label from ref s where s.code = ")
                                .add(values.comparable(code))
                                .add(") where label is null");
                    default ->
                        Sql.of("delete from ref using ref s where s.code = ref.code + 1")
                                .optional(Sql.of(" and s.flag"));
                });
    }

    private Sql referenceReturning() {
        return values.oneIn(2) ? Sql.NOTHING : Sql.of(values.oneOf(" returning *", " returning code + 1, label"));
    }

    private Draft onEveryShard() {
        return Draft.of("whole table", Sql.of(values.oneOf("truncate ", "delete from ", "analyze ") + table().name()));
    }

    private Draft copyIn() {
        Table table = table();
        String line = table.columns().stream()
                .map(column -> column.type().value(values.below(40)).replace("\\", "\\\\"))
                .collect(Collectors.joining("\t", "", "\n"));
        return new Draft(
                "copy from",
                Sql.of("copy " + table.name() + " (" + table.columnNames() + ") from stdin"),
                Statement.Order.ANY,
                line);
    }

    private Source source() {
        return new Source(table(), values.oneOf("", "t"));
    }

    private static Sql update(Source source, Sql assignment) {
        return Sql.of("update " + source.from() + " set ").add(assignment);
    }

    private Sql assignment(Table table) {
        Column column = values.oneOf(table.others());
        if (column.isNumber()) {
            return Sql.of("c0 = coalesce(c0, 0) + 1");
        }
        return Sql.of(column.name() + " = ").add(values.storable(column));
    }

    private Sql returning(Source source) {
        return values.oneIn(2)
                ? Sql.NOTHING
                : Sql.of(" returning " + values.oneOf("*", source.key(), source.column("n") + " + 1, " + source.key()));
    }

    private static Sql insert(Table table, List<Sql> rows) {
        Sql insert = Sql.of("insert into " + table.name() + " (" + table.columnNames() + ") values (")
                .add(rows.get(0))
                .add(")");
        for (Sql row : rows.subList(1, rows.size())) {
            insert = insert.optional(Sql.of(", (").add(row).add(")"));
        }
        return insert;
    }

    private Sql row(Table table) {
        return row(table, values.storable(table.key()));
    }

    private Sql row(Table table, Parameter key) {
        return Sql.join(
                ", ",
                table.columns().stream()
                        .map(column -> Sql.of(column == table.key() ? key : values.storable(column)))
                        .toList());
    }
}
