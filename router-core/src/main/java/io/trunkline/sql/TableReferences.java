// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.schema.Table;
import org.jspecify.annotations.Nullable;

/** All relations one statement names, sorted by what the topology says of them. */
final class TableReferences {
    /** A statement with more occurrences of sharded tables is refused. */
    private static final int KEYS_MAX = 128;

    private final TableDirectory directory;
    private final List<KeyNode> keys = new ArrayList<>();
    private final Set<String> referenceNames = new HashSet<>();
    private String written = "";
    private boolean readsReference;
    private boolean writesReference;
    private boolean storesKeys;
    private boolean readsCatalog;

    TableReferences(TableDirectory directory) {
        this.directory = directory;
    }

    /**
     * The common table expressions in reach of a query block, which hide tables of the same name.
     *
     * @param names folded
     */
    record WithQueries(Set<String> names) {
        static final WithQueries NONE = new WithQueries(Set.of());

        WithQueries and(String name) {
            Set<String> more = new HashSet<>(names);
            more.add(name);
            return new WithQueries(more);
        }

        boolean hides(Table table) {
            return table.getSchemaName() == null && names.contains(Names.fold(table.getName()));
        }
    }

    /** Records a table that is read and returns its key when it is sharded. */
    @Nullable
    KeyNode read(Table table) {
        TableUse use = lookup(table);
        if (use instanceof TableUse.Sharded sharded) {
            return keyOf(table, sharded);
        }
        if (use instanceof TableUse.Reference) {
            readsReference = true;
            referenceNames.add(sqlName(table));
        }
        readsCatalog |= use instanceof TableUse.Catalog;
        return null;
    }

    /** Records a table that is written and returns its key when it is sharded. */
    @Nullable
    KeyNode write(Table table) {
        TableUse use = lookup(table);
        if (use instanceof TableUse.Sharded sharded) {
            return keyOf(table, sharded);
        }
        if (use instanceof TableUse.Catalog) {
            throw new RefusedStatement(RefusalCode.ALL_SHARDS.because("the statement writes the system catalogue"));
        }
        writesReference = true;
        written = sqlName(table);
        referenceNames.add(written);
        return null;
    }

    private static String sqlName(Table table) {
        String name = quoted(table.getName());
        return table.getSchemaName() == null ? name : quoted(table.getSchemaName()) + "." + name;
    }

    private static String quoted(String name) {
        return '"' + Names.fold(name).replace("\"", "\"\"") + '"';
    }

    private KeyNode keyOf(Table table, TableUse.Sharded sharded) {
        if (keys.size() == KEYS_MAX) {
            throw new RefusedStatement(
                    RefusalCode.TOO_LARGE.because("the statement names more than " + KEYS_MAX + " sharded tables"));
        }
        KeyNode key = new KeyNode(sharded, table.getName());
        keys.add(key);
        return key;
    }

    private TableUse lookup(Table table) {
        List<String> parts = table.getNameParts();
        if (parts.size() > 2 || table.getName() == null) {
            throw new RefusedStatement(RefusalCode.AMBIGUOUS_TEXT.because(
                    "the name of relation " + table.getFullyQualifiedName() + " has more than two parts"));
        }
        String schema = table.getSchemaName() == null ? null : Names.fold(table.getSchemaName());
        String name = Names.fold(table.getName());
        TableUse use = directory.lookup(schema, name);
        if (!(use instanceof TableUse.Unknown)) {
            return use;
        }
        throw new RefusedStatement(RefusalCode.UNKNOWN_RELATION.because(
                "relation \"" + table.getFullyQualifiedName() + "\" is neither sharded nor a reference table"));
    }

    /** Notes that rows of a sharded table are inserted. */
    void storeKeys() {
        storesKeys = true;
    }

    /** Returns the keys of all occurrences of sharded tables. */
    List<KeyNode> keys() {
        return keys;
    }

    /** Returns true when the statement reads the system catalogue. */
    boolean readsCatalog() {
        return readsCatalog;
    }

    /** Returns the reference table that is written last, named as in SQL with all quotes. */
    String written() {
        return written;
    }

    /** Returns all reference tables, named as in SQL with all quotes. */
    Set<String> referenceNames() {
        return referenceNames;
    }

    /** Returns what the statement as a whole concerns; call when every part of it was read. */
    ShardingShape shape() {
        if (writesReference) {
            if (!keys.isEmpty()) {
                throw new RefusedStatement(RefusalCode.REFERENCE_WRITE_WITH_SHARDED.because(
                        "the sharded table is " + keys.get(0).table()));
            }
            return ShardingShape.of(ShardingShape.Reach.REFERENCE_WRITE);
        }
        if (!keys.isEmpty()) {
            return ShardingShape.keyed(
                    keys.stream().map(KeyNode::condition).distinct().toList(), storesKeys);
        }
        if (readsReference) {
            return ShardingShape.of(ShardingShape.Reach.REFERENCE_READ);
        }
        return ShardingShape.of(readsCatalog ? ShardingShape.Reach.CATALOG : ShardingShape.Reach.NO_TABLE);
    }
}
