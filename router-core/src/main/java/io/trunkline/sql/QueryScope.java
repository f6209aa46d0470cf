// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.sf.jsqlparser.expression.AnalyticExpression;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.schema.Column;
import org.jspecify.annotations.Nullable;

/**
 * The relations that the names in one query block can mean, and behind them those of the block around it; and what was found in the block that its placement depends on.
 *
 * <p>The columns of relations are not known, except that a sharded table has its key, and a relation made of such tables those columns that carry it. So an unqualified name is a key when a table of this block has a
 * key of that name (were there another such column, PostgreSQL would call it ambiguous), and is looked for outside only when this block has no relation at all.
 */
final class QueryScope {
    private final @Nullable QueryScope outer;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<KeyNode> nodes = new HashSet<>();
    /** Columns that a join has merged of a key and of something else. */
    private final Set<String> mergedKeys = new HashSet<>();

    private int tableCount;
    private final Set<String> shardedAliases = new HashSet<>();
    private final List<KeyJoin> joins = new ArrayList<>();
    private final List<AnalyticExpression> windows = new ArrayList<>();
    private KeyFacts filter = KeyFacts.NONE;
    private @Nullable Refusal doubt;

    QueryScope(@Nullable QueryScope outer) {
        this.outer = outer;
    }

    /**
     * A relation in FROM.
     *
     * @param alias the folded name it goes by, or null when nothing can refer to it
     * @param schema the folded schema when it is named by its table's own name, else null
     * @param key its key when it is a sharded table whose columns have their own names
     */
    private record Entry(
            @Nullable String alias,
            @Nullable String schema,
            @Nullable KeyNode key) {}

    void addTable(String alias, @Nullable String schema, @Nullable KeyNode key) {
        entries.add(new Entry(alias, schema, key));
        if (key != null) {
            nodes.add(key);
            tableCount++;
            shardedAliases.add(alias);
        }
    }

    /** Adds a relation that is no table and has no key: a sub-query, a function, a common table expression. */
    void addOther(@Nullable String alias) {
        entries.add(new Entry(alias, null, null));
    }

    /** Adds a relation whose rows are computed and divided among the shards by a key. */
    void addComputed(@Nullable String alias, KeyNode key) {
        entries.add(new Entry(alias, null, key));
        nodes.add(key);
    }

    /** Makes a table's key one of this block's although no name here means it. */
    void addHidden(KeyNode key) {
        nodes.add(key);
    }

    /** Records a join; those inside parentheses come before the one around them. */
    void addJoin(KeyJoin join) {
        joins.add(join);
    }

    /** Returns the joins of FROM, commas included, in the order in which they are made. */
    List<KeyJoin> joins() {
        return joins;
    }

    /** Records what WHERE says. */
    void filterBy(KeyFacts facts) {
        filter = facts;
    }

    /** Returns what WHERE says. */
    KeyFacts filter() {
        return filter;
    }

    /** Notes why the rows of this block cannot be found in parts; the first reason counts. */
    void doubt(Refusal reason) {
        if (doubt == null) {
            doubt = reason;
        }
    }

    /** Returns why the rows of this block cannot be found in parts, as far as sub-queries and relations tell, or null. */
    @Nullable
    Refusal doubt() {
        return doubt;
    }

    /** Notes a call of a function over a window. */
    void addWindow(AnalyticExpression call) {
        windows.add(call);
    }

    List<AnalyticExpression> windows() {
        return windows;
    }

    /** Returns true when a name in this block may mean a column of a block around it. */
    boolean seesOuterRelations() {
        for (QueryScope scope = outer; scope != null; scope = scope.outer) {
            if (!scope.entries.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** Returns true when a table of this block has a key whose column no name here can mean. */
    boolean hidesKeys() {
        return nodes.size() > new HashSet<>(keysSince(0)).size();
    }

    /** Returns true when a sharded table of this block goes by a folded name. */
    boolean isSharded(String alias) {
        return shardedAliases.contains(alias);
    }

    /** Returns true when there is no other relation here than sharded tables. */
    boolean hasOnlyShardedTables() {
        return tableCount == entries.size();
    }

    /** Returns the key of this very block that an expression is, and that no outer join can have replaced by null, or null. */
    @Nullable
    KeyNode ownKey(Expression expression) {
        KeyNode key = expression instanceof Column column ? resolve(column) : null;
        return key != null && owns(key) && !key.isNullable() ? key : null;
    }

    /** Returns true when a relation of this block goes by a folded name. */
    boolean hasAlias(String name) {
        return entries.stream().anyMatch(entry -> name.equals(entry.alias));
    }

    /** Returns the keys of all tables of this very block, those included that no name means. */
    Set<KeyNode> keys() {
        return nodes;
    }

    /** Returns true when the key belongs to a table of this very block. */
    boolean owns(KeyNode node) {
        return nodes.contains(node);
    }

    /** Returns how many relations there are; a position to give to {@link #keysSince}. */
    int size() {
        return entries.size();
    }

    /** Returns the keys of the tables added since a position. */
    List<KeyNode> keysSince(int position) {
        List<KeyNode> keys = new ArrayList<>();
        for (Entry entry : entries.subList(position, entries.size())) {
            if (entry.key != null) {
                keys.add(entry.key);
            }
        }
        return keys;
    }

    /** Returns the key of the first relation that goes by a folded name, or null. */
    @Nullable
    KeyNode keyOf(String name) {
        for (Entry entry : entries) {
            if (name.equals(entry.alias)) {
                return entry.key;
            }
        }
        return null;
    }

    /** Returns the sharding key that a column reference means, or null when it means something else or cannot be told. */
    @Nullable
    KeyNode resolve(Column column) {
        String name = Names.fold(column.getColumnName());
        if (!isPlain(column)) {
            return null;
        }
        String qualifier = column.getTable() == null ? null : column.getTable().getName();
        if (qualifier == null || qualifier.isEmpty()) {
            return resolveUnqualified(name);
        }
        String schema = column.getTable().getSchemaName();
        return resolveQualified(schema == null ? null : Names.fold(schema), Names.fold(qualifier), name);
    }

    /** Returns true when the reference is nothing but a name: no subscript, no outer-join mark, no database. */
    private static boolean isPlain(Column column) {
        return column.getArrayConstructor() == null
                && column.toString().equals(column.getFullyQualifiedName())
                && (column.getTable() == null
                        || column.getTable().getNameParts().size() <= 2);
    }

    /** A column of this name, by itself, is the one that USING or NATURAL made of a key and of something that may be of another type. */
    void mergesKey(String name) {
        mergedKeys.add(name);
    }

    /** Returns true for such a column. */
    boolean isMerged(String name) {
        return mergedKeys.contains(name);
    }

    private @Nullable KeyNode resolveUnqualified(String name) {
        for (QueryScope scope = this; scope != null; scope = scope.outer) {
            if (scope.mergedKeys.contains(name)) {
                return null;
            }
            List<KeyNode> candidates = scope.keysNamed(name);
            if (!candidates.isEmpty()) {
                // Several can only have been merged by USING. Then the first one's column is meant by all joins but
                // RIGHT and FULL, and
                // those make it nullable.
                KeyNode first = candidates.get(0);
                return candidates.size() > 1 && first.isNullable() ? null : first;
            }
            if (!scope.entries.isEmpty()) {
                return null;
            }
        }
        return null;
    }

    private List<KeyNode> keysNamed(String name) {
        return keysSince(0).stream().filter(key -> key.isColumn(name)).toList();
    }

    private @Nullable KeyNode resolveQualified(@Nullable String schema, String qualifier, String name) {
        for (QueryScope scope = this; scope != null; scope = scope.outer) {
            for (Entry entry : scope.entries) {
                if (!qualifier.equals(entry.alias)) {
                    continue;
                }
                if (schema == null || schema.equals(entry.schema)) {
                    return entry.key != null && entry.key.isColumn(name) ? entry.key : null;
                }
                if (entry.schema == null) {
                    // Found along the search path, it may be the very table of that schema.
                    return null;
                }
            }
        }
        return null;
    }
}
