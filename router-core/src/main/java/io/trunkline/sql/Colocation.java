// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.KeyFacts.Equality;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.sf.jsqlparser.schema.Table;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.LateralSubSelect;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Values;
import org.jspecify.annotations.Nullable;

/**
 * The proof that each row of a statement's FROM and WHERE, and of the table it writes, is made of rows of one shard.
 *
 * <p>Tables begin as groups of their own. Equality of two keys in the ON of an inner join, or in WHERE, makes one group of theirs: it is not true where
 * one of them is null, so what an outer join filled with nulls is gone. A LEFT JOIN makes a group with the preserved table whose key its own ON compares: every partner of a
 * row then lies where the row lies, so a row without partner there has none anywhere. It never ties two groups of the preserved side, whose rows stay whatever
 * ON says. In the end there must be one group.
 */
final class Colocation {
    private final Map<KeyNode, KeyNode> parents = new HashMap<>();

    private Colocation() {}

    /** Refuses a query whose FROM is not of that form. */
    static void prove(PlainSelect select, QueryScope scope, TableReferences references) {
        refuseRelations(select.getFromItem(), select.getJoins());
        proveKeys(scope, references);
    }

    /**
     * Refuses a write whose target and further relations are not of that form: they are joined as by commas.
     *
     * @param others what stands in FROM of an UPDATE or in USING of a DELETE
     * @param joins what is joined to the last of them, or null
     */
    static void proveWrite(
            List<FromItem> others, @Nullable List<Join> joins, QueryScope scope, TableReferences references) {
        others.forEach(Colocation::refuseRelationBesideTarget);
        if (joins != null) {
            joins.forEach(join -> refuseRelationBesideTarget(join.getFromItem()));
        }
        proveKeys(scope, references);
    }

    /** A list of rows is the same everywhere; what its functions do is asked elsewhere. */
    private static void refuseRelationBesideTarget(FromItem item) {
        boolean rows = item instanceof ParenthesedFromItem group
                && group.getFromItem() instanceof Values
                && group.getJoins() == null;
        if (!rows) {
            refuseRelation(item);
        }
    }

    private static void proveKeys(QueryScope scope, TableReferences references) {
        if (references.readsCatalog()) {
            throw relation("the system catalogue is different on each shard");
        }
        List<KeyNode> keys = scope.keysSince(0);
        if (!new HashSet<>(keys).containsAll(references.keys())) {
            throw relation("a sharded table stands elsewhere than in the outer FROM, or its columns are renamed there");
        }
        Colocation proof = new Colocation();
        scope.joins().forEach(proof::add);
        proof.unite(scope.filter(), null);
        Set<KeyNode> groups = new HashSet<>();
        keys.forEach(key -> groups.add(proof.groupOf(key)));
        if (groups.size() != 1) {
            throw join("nothing makes the keys of all sharded tables equal");
        }
    }

    private static void refuseRelations(@Nullable FromItem first, @Nullable List<Join> joins) {
        refuseRelation(first);
        if (joins != null) {
            joins.forEach(join -> refuseRelation(join.getFromItem()));
        }
    }

    private static void refuseRelation(@Nullable FromItem item) {
        if (item instanceof ParenthesedFromItem group && group.getAlias() == null) {
            refuseRelations(group.getFromItem(), group.getJoins());
            return;
        }
        boolean known =
                item instanceof Table || item instanceof ParenthesedSelect && !(item instanceof LateralSubSelect);
        if (!known) {
            throw relation("FROM has something else than tables and sub-queries");
        }
    }

    private void add(KeyJoin join) {
        switch (join.type()) {
            case INNER -> unite(join.condition(), keysOf(join));
            case LEFT -> addLeft(join);
            case OTHER -> throw join("there is a right, full or natural join");
        }
    }

    /** An ON that names a table outside of its join is none PostgreSQL takes. */
    private static List<KeyNode> keysOf(KeyJoin join) {
        List<KeyNode> keys = new ArrayList<>(join.left());
        keys.addAll(join.right());
        return keys;
    }

    private void addLeft(KeyJoin join) {
        if (join.right().isEmpty()) {
            // Of reference tables: the partners of a row are the same everywhere.
            return;
        }
        unite(join.condition(), join.right());
        KeyNode right = groupOf(join.right().get(0));
        boolean oneGroup = join.right().stream().allMatch(key -> groupOf(key) == right);
        for (Equality equality : join.condition().equalities()) {
            KeyNode preserved = join.left().contains(equality.left()) ? equality.left() : equality.right();
            KeyNode other = preserved == equality.left() ? equality.right() : equality.left();
            boolean across = join.left().contains(preserved) && join.right().contains(other);
            KeyNode group = groupOf(preserved);
            if (oneGroup && across && equality.colocates() && group != right) {
                parents.put(right, group);
                return;
            }
        }
        throw join("a left join does not compare the keys of both sides in its ON");
    }

    /** Makes one group of tables whose keys are equal; with {@code among} only of tables that both are in it. */
    private void unite(KeyFacts facts, @Nullable List<KeyNode> among) {
        for (Equality equality : facts.equalities()) {
            boolean counts = among == null || among.contains(equality.left()) && among.contains(equality.right());
            KeyNode left = groupOf(equality.left());
            KeyNode right = groupOf(equality.right());
            if (counts && left != right && equality.colocates()) {
                parents.put(left, right);
            }
        }
    }

    private KeyNode groupOf(KeyNode key) {
        KeyNode group = key;
        for (KeyNode parent = parents.get(group); parent != null; parent = parents.get(group)) {
            group = parent;
        }
        return group;
    }

    private static RefusedStatement relation(String what) {
        return new RefusedStatement(RefusalCode.RELATION_ACROSS_SHARDS.because(what));
    }

    private static RefusedStatement join(String what) {
        return new RefusedStatement(RefusalCode.JOIN_ACROSS_SHARDS.because(what));
    }
}
