// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.KeyCondition;
import io.trunkline.sql.KeyOperand;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The shards that can have rows a statement touches, found by putting its values into its conditions: AND intersects, OR unites, what is not
 * known is every shard. One for each run of a statement.
 *
 * <p>A NULL equals nothing, and a value no shard holds has no rows: both give the empty set. That is right for comparing keys. For storing them it
 * is not, since the row would go wherever the rest of the statement runs; {@link #nullStored} and {@link #homelessStored} tell.
 */
final class KeyEvaluation {
    private final RoutingTable table;
    private final KeySource keys;
    private final KeyUse use;

    private KeyReading.@Nullable Unreadable problem;
    private boolean needsParameterTypes;
    private boolean nullStored;
    private boolean homelessStored;
    private ShardSet certain;

    KeyEvaluation(RoutingTable table, KeySource keys, KeyUse use) {
        this.table = table;
        this.keys = keys;
        this.use = use;
        this.certain = table.none();
    }

    /** Returns the shards for one condition. Conditions nest no deeper than the reader of statements allows. */
    ShardSet shardsOf(KeyCondition condition) {
        if (condition instanceof KeyCondition.OnShard placed) {
            ShardSet shard = table.single(placed.shard());
            certain = certain.or(shard);
            return shard;
        }
        Distribution distribution = table.distribution(condition.distribution());
        if (distribution == null) {
            // The shape is of another topology revision.
            return table.all();
        }
        if (condition instanceof KeyCondition.Equal equal) {
            return shardOf(equal.operand(), distribution);
        }
        if (condition instanceof KeyCondition.InList list) {
            ShardSet shards = table.none();
            for (KeyOperand operand : list.operands()) {
                shards = shards.or(shardOf(operand, distribution));
            }
            return shards;
        }
        if (condition instanceof KeyCondition.AnyOf anyOf) {
            return shardsOfArray(anyOf.array(), distribution);
        }
        if (condition instanceof KeyCondition.And and) {
            return intersection(and.parts());
        }
        if (condition instanceof KeyCondition.Or or) {
            return union(or.parts());
        }
        return table.all();
    }

    /** Returns why a key could not be read, the first one, or null. */
    KeyReading.@Nullable Unreadable problem() {
        return problem;
    }

    /** Returns true when the type of a parameter would help. */
    boolean needsParameterTypes() {
        return needsParameterTypes;
    }

    /** Returns true when a row with a NULL key would be stored. */
    boolean nullStored() {
        return nullStored;
    }

    /** Returns true when a row with a key that no shard holds would be stored. */
    boolean homelessStored() {
        return homelessStored;
    }

    /** Returns the shards of all values that were read, whatever the conditions make of them. */
    ShardSet certain() {
        return certain;
    }

    private ShardSet intersection(List<KeyCondition> parts) {
        ShardSet shards = table.all();
        for (KeyCondition part : parts) {
            shards = shards.and(shardsOf(part));
        }
        return shards;
    }

    private ShardSet union(List<KeyCondition> parts) {
        ShardSet shards = table.none();
        for (KeyCondition part : parts) {
            shards = shards.or(shardsOf(part));
        }
        return shards;
    }

    private ShardSet shardOf(KeyOperand operand, Distribution distribution) {
        KeyReading reading = ShardKeyReader.read(operand, distribution.keyType(), use, keys);
        if (reading instanceof KeyReading.Value read) {
            ShardSet shards = table.shardOf(distribution, read.value());
            certain = certain.or(shards);
            homelessStored |= use == KeyUse.STORED && shards.isEmpty();
            return shards;
        }
        return absent(reading);
    }

    private ShardSet shardsOfArray(KeyOperand array, Distribution distribution) {
        if (use == KeyUse.STORED && distribution.keyType() == KeyType.VARCHAR) {
            return absent(KeyReading.unsupported(
                    "a key out of an array may end in a blank, which a varchar column may cut off"));
        }
        ShardSet[] shards = {table.none()};
        KeyReading incomplete = ShardKeyReader.readArray(
                array,
                distribution.keyType(),
                keys,
                value -> shards[0] = shards[0].or(table.shardOf(distribution, value)));
        certain = certain.or(shards[0]);
        return incomplete == null ? shards[0] : absent(incomplete);
    }

    private ShardSet absent(KeyReading reading) {
        if (reading == KeyReading.Absent.NULL) {
            nullStored |= use == KeyUse.STORED;
            return table.none();
        }
        if (reading == KeyReading.Absent.NEEDS_PARAMETER_TYPE) {
            needsParameterTypes = true;
        } else if (problem == null && reading instanceof KeyReading.Unreadable unreadable) {
            problem = unreadable;
        }
        return table.all();
    }
}
