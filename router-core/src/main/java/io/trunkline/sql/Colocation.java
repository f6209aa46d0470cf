// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.trunkline.sql.KeyFacts.Equality;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The proof that each row of a block's FROM and WHERE, with the table it writes, is made of rows of one shard.
 *
 * <p>Relations with a key begin as groups of their own. Equality of two keys in the ON of an inner join, or in WHERE, makes one group of theirs: it is not true where
 * one of them is null, so what an outer join filled with nulls is gone. An outer join makes a group with the preserved relation whose key its own ON compares: every partner of a
 * row then lies where the row lies, so a row without partner there has none anywhere. It never ties two groups of the preserved side, whose rows stay whatever
 * ON says.
 *
 * <p>In a sub-query the keys of the blocks around it make one group more, {@code here}: wherever the sub-query is computed, they are those of a row on that shard.
 * What WHERE makes equal to one of them lies there too.
 */
final class Colocation {
    private final Map<KeyNode, KeyNode> parents = new HashMap<>();
    private final Set<KeyNode> own;
    private final KeyNode here = new KeyNode("", Set.of(), "");

    private Colocation(List<KeyNode> own) {
        this.own = new HashSet<>(own);
    }

    /** What a block's rows are made of. */
    enum Rows {
        /** No sharded table. */
        OF_ALL,
        /** Rows with the key of a row of the query around it. */
        TIED,
        /** Each of rows of one shard. */
        PARTITIONED
    }

    /**
     * Returns what the rows of a block are made of.
     *
     * @throws RefusedStatement when they may be made of rows of different shards, or depend on other rows in a way not known
     */
    static Rows rowsOf(QueryScope scope) {
        Refusal doubt = scope.doubt();
        if (doubt != null) {
            throw new RefusedStatement(doubt);
        }
        if (scope.hidesKeys()) {
            throw new RefusedStatement(
                    RefusalCode.RELATION_ACROSS_SHARDS.because("the columns of a sharded table are renamed"));
        }
        List<KeyNode> keys = scope.keysSince(0);
        Colocation proof = new Colocation(keys);
        scope.joins().forEach(proof::add);
        proof.unite(scope.filter(), null);
        Set<KeyNode> groups = new HashSet<>();
        keys.forEach(key -> groups.add(proof.groupOf(key)));
        if (groups.size() > 1) {
            throw join("nothing makes the keys of all sharded tables equal");
        }
        if (groups.isEmpty()) {
            return Rows.OF_ALL;
        }
        return groups.contains(proof.groupOf(proof.here)) ? Rows.TIED : Rows.PARTITIONED;
    }

    /** Refuses a statement whose outer rows are not each of one shard. */
    static void prove(QueryScope scope) {
        if (rowsOf(scope) != Rows.PARTITIONED) {
            throw new RefusedStatement(
                    RefusalCode.RELATION_ACROSS_SHARDS.because("its rows are not those of a sharded table"));
        }
    }

    private void add(KeyJoin join) {
        switch (join.type()) {
            case INNER -> unite(join.condition(), keysOf(join));
            case LEFT -> addOuter(join.condition(), join.left(), join.right());
            case RIGHT -> addOuter(join.condition(), join.right(), join.left());
            case FULL -> addFull(join);
            case OTHER -> throw join("there is a natural join");
        }
    }

    /** An ON that names a table outside of its join is none PostgreSQL takes. */
    private static List<KeyNode> keysOf(KeyJoin join) {
        List<KeyNode> keys = new ArrayList<>(join.left());
        keys.addAll(join.right());
        return keys;
    }

    /** Both sides keep all their rows whatever ON says, so each must be of one group before it. */
    private void addFull(KeyJoin join) {
        if (join.left().isEmpty() && join.right().isEmpty()) {
            return;
        }
        if (!isOneGroup(join.left()) || !isOneGroup(join.right())) {
            throw join("one side of a full join has rows of different shards, or of none");
        }
        addOuter(join.condition(), join.left(), join.right());
    }

    private void addOuter(KeyFacts condition, List<KeyNode> kept, List<KeyNode> filled) {
        if (filled.isEmpty()) {
            // Of reference tables: the partners of a row are the same everywhere.
            return;
        }
        unite(condition, filled);
        KeyNode group = groupOf(filled.get(0));
        for (Equality equality : condition.equalities()) {
            KeyNode preserved = kept.contains(equality.left()) ? equality.left() : equality.right();
            KeyNode other = preserved == equality.left() ? equality.right() : equality.left();
            boolean across = kept.contains(preserved) && filled.contains(other);
            KeyNode target = groupOf(preserved);
            if (isOneGroup(filled) && across && equality.colocates() && target != group) {
                parents.put(group, target);
                return;
            }
        }
        throw join("an outer join does not compare the keys of both sides in its ON");
    }

    private boolean isOneGroup(List<KeyNode> keys) {
        return keys.stream().map(this::groupOf).distinct().count() == 1;
    }

    /** Makes one group of relations whose keys are equal; with {@code among} only of those that both are in it. */
    private void unite(KeyFacts facts, @Nullable List<KeyNode> among) {
        for (Equality equality : facts.equalities()) {
            boolean counts = among == null || among.contains(equality.left()) && among.contains(equality.right());
            KeyNode left = groupOf(ownOrHere(equality.left()));
            KeyNode right = groupOf(ownOrHere(equality.right()));
            if (counts && left != right && equality.colocates()) {
                parents.put(left, right);
            }
        }
    }

    /** A key that is none of this block is one of those around it. */
    private KeyNode ownOrHere(KeyNode key) {
        return own.contains(key) ? key : here;
    }

    private KeyNode groupOf(KeyNode key) {
        KeyNode group = key;
        for (KeyNode parent = parents.get(group); parent != null; parent = parents.get(group)) {
            group = parent;
        }
        return group;
    }

    private static RefusedStatement join(String what) {
        return new RefusedStatement(RefusalCode.JOIN_ACROSS_SHARDS.because(what));
    }
}
