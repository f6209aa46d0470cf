// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.sf.jsqlparser.schema.Table;
import org.jspecify.annotations.Nullable;

/** All relations one statement names, sorted by what the topology says of them. */
final class TableReferences {
    /** A statement with more occurrences of sharded tables is refused. */
    private static final int KEYS_MAX = 128;

    private final TableDirectory directory;
    private final List<KeyNode> keys = new ArrayList<>();
    private final Set<String> referenceNames = new HashSet<>();
    private final Set<String> relations = new HashSet<>();
    private String written = "";
    private boolean readsReference;
    private int referenceReads;
    private boolean locksReference;
    private boolean writesReference;
    private boolean storesKeys;
    /** What the keys of updated rows become. */
    private final List<KeyCondition> newKeys = new ArrayList<>();

    private boolean readsCatalog;
    private final Set<Integer> placed = new TreeSet<>();
    private final Set<String> presumed = new HashSet<>();
    private boolean presumesPath;

    TableReferences(TableDirectory directory) {
        this.directory = directory;
    }

    /** Records a table that is read and returns its key when it is sharded. */
    @Nullable
    KeyNode read(Table table) {
        TableUse use = lookup(table);
        if (use instanceof TableUse.Sharded sharded) {
            return keyOf(table, sharded);
        }
        if (use instanceof TableUse.PlacedOrReference either) {
            placed.add(either.shard());
        }
        if (use instanceof TableUse.Reference) {
            readsReference = true;
            referenceReads++;
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
        if (use instanceof TableUse.PlacedOrReference) {
            throw unclear("the table that is written may be one of the schema or a reference table");
        }
        if (use instanceof TableUse.Reference) {
            writesReference = true;
            written = sqlName(table);
            referenceNames.add(written);
        }
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
        relations.add(name);
        TableUse use = directory.lookup(schema, name);
        presumesPath |= schema == null && directory.assumesPath() && !(use instanceof TableUse.Catalog);
        if (use instanceof TableUse.Placed found) {
            placed.add(found.shard());
            if (found.presumed()) {
                presumed.add(name);
            }
        }
        if (use instanceof TableUse.Unclear unclear) {
            throw unclear("relation \"" + table.getFullyQualifiedName() + "\": " + unclear.why());
        }
        if (!(use instanceof TableUse.Unknown)) {
            return use;
        }
        throw new RefusedStatement(RefusalCode.UNKNOWN_RELATION.because(
                "relation \"" + table.getFullyQualifiedName() + "\" is neither sharded nor a reference table"));
    }

    private static RefusedStatement unclear(String why) {
        return new RefusedStatement(RefusalCode.SCHEMA_UNCLEAR.because(why));
    }

    /** Notes that rows of a sharded table are inserted. */
    void storeKeys() {
        storesKeys = true;
    }

    /** Notes what the key of updated rows becomes: a row that is on the shard of both keys stays where it is. */
    void updateKeys(KeyCondition newKey) {
        newKeys.add(newKey);
        storesKeys = true;
    }

    /** Returns true when keys are updated: on one shard, or not at all. */
    boolean updatesKeys() {
        return !newKeys.isEmpty();
    }

    /** Returns the names of all relations, without their schemas. */
    Set<String> relations() {
        return relations;
    }

    /** Returns the keys of all occurrences of sharded tables. */
    List<KeyNode> keys() {
        return keys;
    }

    /** Returns how many reads of reference tables have been recorded. */
    int referenceReads() {
        return referenceReads;
    }

    /** Notes that rows of reference tables are locked. */
    void lockReference() {
        locksReference = true;
    }

    /** Returns true when rows of reference tables are locked. */
    boolean locksReference() {
        return locksReference;
    }

    /** Returns true when the statement reads the system catalogue. */
    boolean readsCatalog() {
        return readsCatalog;
    }

    /** Returns true when the statement uses tables of schemas that are whole on one shard: then it runs on that shard or not at all. */
    boolean usesPlaced() {
        return !placed.isEmpty();
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
        return reached().under(directory.home(), new Presumed(presumed, presumesPath));
    }

    private ShardingShape reached() {
        if (writesReference) {
            if (!keys.isEmpty() || !placed.isEmpty()) {
                throw new RefusedStatement(RefusalCode.REFERENCE_WRITE_WITH_SHARDED.because(
                        keys.isEmpty()
                                ? "it uses a table of a schema of one shard, too"
                                : "the sharded table is " + keys.get(0).table()));
            }
            return ShardingShape.of(ShardingShape.Reach.REFERENCE_WRITE);
        }
        if (!keys.isEmpty() || !placed.isEmpty()) {
            List<KeyCondition> conditions = new ArrayList<>();
            placed.forEach(shard -> conditions.add(new KeyCondition.OnShard(shard)));
            keys.stream().map(KeyNode::condition).distinct().forEach(conditions::add);
            conditions.addAll(newKeys);
            return ShardingShape.keyed(conditions, storesKeys);
        }
        if (readsReference) {
            return ShardingShape.of(ShardingShape.Reach.REFERENCE_READ);
        }
        return ShardingShape.of(readsCatalog ? ShardingShape.Reach.CATALOG : ShardingShape.Reach.NO_TABLE);
    }
}
