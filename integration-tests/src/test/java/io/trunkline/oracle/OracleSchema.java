// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.ShardedTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Random tables with their first rows: some spread over shards by one of two distributions, one that every shard holds whole.
 *
 * @param shardCount over how many shards the rows are spread
 * @param rows INSERT statements with all rows of all tables
 */
record OracleSchema(int shardCount, List<Spread> spreads, List<Table> sharded, Table reference, List<String> rows) {
    /** Values from this number on are not there at first. */
    static final int VALUES_AT_FIRST = 24;

    private static final List<ValueType> KEY_TYPES =
            List.of(ValueType.INT8, ValueType.INT4, ValueType.TEXT, ValueType.UUID);
    private static final List<String> KEY_NAMES = List.of("id", "k", "customer_id", "word");
    private static final int REFERENCE_ROWS = 8;

    /** Returns the schema of a seed. */
    static OracleSchema of(int shardCount, long seed) {
        Random random = new Random(seed);
        List<ValueType> types = new ArrayList<>(KEY_TYPES);
        Collections.shuffle(types, random);
        List<Spread> spreads = List.of(
                new Spread("by_a", types.get(0), slots(shardCount, random)),
                new Spread("by_b", types.get(1), slots(shardCount, random)));
        // The first two are co-located and can be joined.
        List<Table> sharded = List.of(
                sharded("a0", spreads.get(0), random),
                sharded("a1", spreads.get(0), random),
                sharded("b0", spreads.get(1), random));
        Table reference = new Table(
                "ref",
                null,
                new Column("code", ValueType.INT4, false),
                List.of(new Column("label", ValueType.TEXT, true), new Column("flag", ValueType.BOOL, true)),
                List.of("code"));
        List<String> rows = new ArrayList<>();
        for (Table table : sharded) {
            rows.add(rows(table, random));
        }
        rows.add(rows(reference, random));
        return new OracleSchema(shardCount, spreads, sharded, reference, rows);
    }

    private static int[] slots(int shardCount, Random random) {
        int[] slotToShard = new int[List.of(8, 16, 61).get(random.nextInt(3))];
        for (int slot = 0; slot < slotToShard.length; slot++) {
            // Every shard has at least one.
            slotToShard[slot] = slot < shardCount ? slot : random.nextInt(shardCount);
        }
        return slotToShard;
    }

    private static Table sharded(String name, Spread spread, Random random) {
        Column key = new Column(KEY_NAMES.get(random.nextInt(KEY_NAMES.size())), spread.keyType(), false);
        List<Column> others = new ArrayList<>();
        // Each has a number for joins, and a text.
        others.add(new Column(Column.NUMBER, ValueType.INT4, false));
        others.add(new Column("c0", ValueType.INT4, true));
        others.add(new Column("c1", ValueType.TEXT, true));
        for (int i = 2; i < 4 + random.nextInt(3); i++) {
            ValueType type = ValueType.values()[random.nextInt(ValueType.values().length)];
            others.add(new Column("c" + i, type, random.nextInt(4) > 0));
        }
        List<String> primaryKey = switch (random.nextInt(3)) {
            case 0 -> List.of(key.name());
            case 1 -> List.of(key.name(), "n");
            default -> List.of("n", key.name());
        };
        return new Table(name, spread, key, others, primaryKey);
    }

    private static String rows(Table table, Random random) {
        List<String> rows = new ArrayList<>();
        int keys = table.isReference() ? REFERENCE_ROWS : VALUES_AT_FIRST;
        for (int number = 0; number < keys; number++) {
            if (!table.isReference() && random.nextInt(6) == 0) {
                continue;
            }
            int copies = table.primaryKey().size() == 1 ? 1 : 1 + random.nextInt(3);
            for (int copy = 0; copy < copies; copy++) {
                List<String> values = new ArrayList<>();
                for (Column column : table.columns()) {
                    int value = column == table.key() ? number : column.isNumber() ? copy + 4 : random.nextInt(12);
                    boolean isNull = column.nullable() && random.nextInt(5) == 0;
                    values.add(
                            isNull
                                    ? "null"
                                    : Values.quoted(column.type().value(value)) + "::"
                                            + column.type().sql());
                }
                rows.add("(" + String.join(", ", values) + ")");
            }
        }
        return "insert into " + table.name() + " (" + table.columnNames() + ") values " + String.join(", ", rows);
    }

    List<Table> tables() {
        return Stream.concat(sharded.stream(), Stream.of(reference)).toList();
    }

    /** Returns the DDL, without rows. */
    List<String> ddl() {
        return Stream.concat(
                        spreads.stream().map(Spread::helperTable),
                        tables().stream().map(Table::sql))
                .toList();
    }

    List<ShardedTable> shardedTables() {
        return sharded.stream()
                .map(table -> new ShardedTable(
                        ShardedTable.SCHEMA_DEFAULT,
                        table.name(),
                        table.key().name(),
                        table.spread() == null ? "" : table.spread().name()))
                .toList();
    }

    List<ReferenceTable> referenceTables() {
        return List.of(new ReferenceTable(ShardedTable.SCHEMA_DEFAULT, reference.name()));
    }

    @Override
    public String toString() {
        return tables().stream().map(Table::sql).collect(Collectors.joining("\n"));
    }
}
