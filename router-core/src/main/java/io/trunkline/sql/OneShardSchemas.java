// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds out from its tokens alone whether all that a statement can name lies in schemas of one shard: for definitions, and for whatever has no tree.
 *
 * <p>Every name of the text is taken for that of a relation, every qualifier for a schema unless it stands alone somewhere else in the text, as an alias
 * does. So more is refused than need be, and nothing that a statement reads or writes by name is overlooked. What it writes must be known to be in such a
 * schema. Definitions of objects that belong to no schema, such as roles, are not of one shard.
 */
final class OneShardSchemas {
    /** Aliases that PostgreSQL itself gives. */
    private static final Set<String> GIVEN_ALIASES = Set.of("excluded", "old", "new");

    private final TokenList tokens;
    private final StatementHead head;
    private final TableDirectory directory;
    private final Set<Integer> shards = new TreeSet<>();
    private final Set<String> presumed = new HashSet<>();
    private final Set<String> lone = new HashSet<>();
    private boolean reads;

    OneShardSchemas(TokenList tokens, StatementHead head, TableDirectory directory) {
        this.tokens = tokens;
        this.head = head;
        this.directory = directory;
    }

    /** Returns the shape of a statement that runs on the one shard, or null when there may be none. */
    @Nullable
    ShardingShape read() {
        reads = head.readsOnly() && !writesInside();
        DefinitionTarget target = DefinitionTarget.of(tokens, head);
        if (!isPlaced(target)) {
            return null;
        }
        for (int i = 0; i < tokens.size(); i++) {
            if (isName(i) && !isBehindDot(i) && !isBeforeDot(i)) {
                lone.add(tokens.name(i));
            }
        }
        for (int i = 0; i < tokens.size(); i++) {
            boolean inReach = !isName(i) || isBehindDot(i) || (isBeforeDot(i) ? mayQualify(i) : mayName(i));
            if (!inReach) {
                return null;
            }
        }
        if (shards.size() != 1) {
            return null;
        }
        KeyCondition place = new KeyCondition.OnShard(shards.iterator().next());
        // Words of definitions only look like calls.
        boolean runs = head.kind() != StatementKind.DDL && head.kind() != StatementKind.MAINTENANCE;
        return ShardingShape.keyed(List.of(place), false)
                .mentioning(runs ? Mentions.in(tokens) : Mentions.NONE)
                .notScatteredFor(RefusalCode.SCHEMA_ON_OTHER_SHARD.because("the statement runs on one shard only"))
                .under(directory.home(), new Presumed(presumed, directory.assumesPath()));
    }

    private boolean isPlaced(DefinitionTarget target) {
        return switch (target.kind()) {
            // Where a query writes only a tree shows, unless nothing but the schemas of one shard can be meant.
            case NONE -> reads || isExclusive();
            case OTHER -> false;
            case SCHEMAS -> addSchemas(target.index());
            case OF_SCHEMA -> isBeforeDot(target.index()) ? addSchema(target.index()) : isExclusive();
            case RELATION ->
                isBeforeDot(target.index())
                        ? addSchema(target.index())
                        : isName(target.index())
                                && directory.lookup(null, tokens.name(target.index())) instanceof TableUse.Placed;
        };
    }

    private boolean writesInside() {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isWord(i, "insert", "update", "delete", "merge", "into")) {
                return true;
            }
        }
        return false;
    }

    private boolean isExclusive() {
        PathHome home = directory.home();
        return home != null && home.exclusive();
    }

    private boolean addSchemas(int from) {
        int i = from;
        while (addSchema(i)) {
            i = tokens.behindEscape(i);
            if (!tokens.isCharacter(i, ',')) {
                return true;
            }
            i++;
        }
        return false;
    }

    private boolean addSchema(int i) {
        int shard = isName(i) ? directory.shardOfSchema(tokens.name(i)) : TableDirectory.NO_SHARD;
        if (shard == TableDirectory.NO_SHARD) {
            return false;
        }
        shards.add(shard);
        return true;
    }

    private boolean mayQualify(int i) {
        String name = tokens.name(i);
        if (addSchema(i) || name.equals("pg_catalog") || name.equals("information_schema")) {
            return true;
        }
        int behind = tokens.behindEscape(i) + 1;
        if (directory.isSpread(name)) {
            return isName(behind)
                    && directory.lookup(name, tokens.name(behind)) instanceof TableUse.Reference
                    && mayReadReference(i);
        }
        if (isName(behind)) {
            presumed.add(tokens.name(behind));
        }
        return lone.contains(name) || GIVEN_ALIASES.contains(name);
    }

    /** A foreign key to a reference table is kept by the shard itself. */
    private boolean mayReadReference(int i) {
        return reads || tokens.isWord(i - 1, "references");
    }

    private boolean mayName(int i) {
        String name = tokens.name(i);
        TableUse use = directory.lookup(null, name);
        if (use instanceof TableUse.Placed placed) {
            shards.add(placed.shard());
            if (placed.presumed()) {
                presumed.add(name);
            }
            return true;
        }
        if (use instanceof TableUse.PlacedOrReference either) {
            shards.add(either.shard());
            return mayReadReference(i);
        }
        if (use instanceof TableUse.Unknown) {
            // A column, a word of SQL, or a relation that the topology should list.
            presumed.add(name);
            return true;
        }
        return use instanceof TableUse.Catalog || use instanceof TableUse.Reference && mayReadReference(i);
    }

    private boolean isName(int i) {
        return tokens.token(i).isName();
    }

    private boolean isBeforeDot(int i) {
        return isName(i) && tokens.isCharacter(tokens.behindEscape(i), '.');
    }

    private boolean isBehindDot(int i) {
        return tokens.isCharacter(i - 1, '.');
    }
}
