// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From the {@code function} of a distribution to a {@link ShardFunction}; one instance reads one. */
final class ShardFunctionReader {
    static final String HASH = "hash";
    static final String RANGE = "range";
    static final String LIST = "list";

    private static final int UNASSIGNED = -1;

    private final KeyType keyType;
    private final List<String> shardNames;

    private ShardFunctionReader(KeyType keyType, List<String> shardNames) {
        this.keyType = keyType;
        this.shardNames = shardNames;
    }

    /** Returns the function, or nothing after its problems were reported. */
    static Optional<ShardFunction> read(JsonObject object, KeyType keyType, List<String> shardNames) {
        ShardFunctionReader reader = new ShardFunctionReader(keyType, shardNames);
        String kind = object.text("kind");
        try {
            ShardFunction function = switch (kind) {
                case HASH -> reader.hash(object);
                case RANGE -> reader.ranges(object);
                case LIST -> reader.list(object);
                default ->
                    throw InvalidTopologyException.at(
                            "kind", "\"" + kind + "\"", "one of " + String.join(", ", HASH, RANGE, LIST));
            };
            return object.isSound() ? Optional.of(function) : Optional.empty();
        } catch (InvalidTopologyException e) {
            // What does not fit together after a problem may only be its consequence.
            if (object.isSound()) {
                object.report(e);
            }
            return Optional.empty();
        }
    }

    private ShardFunction hash(JsonObject object) {
        int given = (int) object.number("slots", 1, HashSlots.SLOTS_MAX, HashSlots.SLOTS_DEFAULT);
        // With the largest number, a wrong number of slots does not make every assignment look wrong as well.
        int slots = object.isSound() ? given : HashSlots.SLOTS_MAX;
        int[] slotToShard = new int[slots];
        Arrays.fill(slotToShard, UNASSIGNED);
        object.list("assignments", assignment -> assign(assignment, slotToShard));
        if (object.isSound()) {
            reportGap(object, slotToShard);
        }
        return new HashSlots(slots, slotToShard);
    }

    /** Gives the slots of one assignment their shard and returns how many there are. */
    private int assign(JsonObject assignment, int[] slotToShard) {
        int from = (int) assignment.number("from", 0, slotToShard.length - 1);
        int to = (int) assignment.number("to", 0, slotToShard.length);
        int shard = shard(assignment);
        if (!assignment.isSound()) {
            return 0;
        }
        if (from >= to) {
            assignment.report("from", Integer.toString(from), "less than to, which is " + to);
        }
        for (int slot = from; slot < to; slot++) {
            if (slotToShard[slot] != UNASSIGNED) {
                assignment.report("from", "slot " + slot, "a slot that no assignment before has");
                return 0;
            }
            slotToShard[slot] = shard;
        }
        return Math.max(0, to - from);
    }

    /** Reports the first run of slots that no assignment has. */
    private static void reportGap(JsonObject object, int[] slotToShard) {
        int from = 0;
        while (from < slotToShard.length && slotToShard[from] != UNASSIGNED) {
            from++;
        }
        int to = from;
        while (to < slotToShard.length && slotToShard[to] == UNASSIGNED) {
            to++;
        }
        if (from < to) {
            object.report(
                    "assignments", "slots " + from + " to " + (to - 1) + " have no shard", "a shard for each slot");
        }
    }

    private ShardFunction ranges(JsonObject object) {
        return new Ranges(object.list(
                "ranges", range -> new Ranges.Range(bound(range, "from"), bound(range, "to"), shard(range))));
    }

    private Ranges.Bound bound(JsonObject range, String field) {
        return range.key(field)
                .flatMap(text -> key(range, field, text))
                .map(Ranges.Bound::at)
                .orElse(Ranges.Bound.unbounded());
    }

    private ShardFunction list(JsonObject object) {
        Map<KeyValue, Integer> shardOfKey = new HashMap<>();
        object.list("values", values -> enter(values, shardOfKey));
        return new ListValues(shardOfKey);
    }

    /** Enters the keys of one shard and returns how many there are. */
    private int enter(JsonObject values, Map<KeyValue, Integer> shardOfKey) {
        int shard = shard(values);
        List<String> texts = values.keys("keys");
        for (int i = 0; i < texts.size(); i++) {
            String field = "keys[" + i + "]";
            String text = texts.get(i);
            Optional<KeyValue> key = key(values, field, text);
            if (key.isPresent() && shardOfKey.putIfAbsent(key.get(), shard) != null) {
                values.report(field, "\"" + text + "\"", "a key that is listed once");
            }
        }
        return texts.size();
    }

    private Optional<KeyValue> key(JsonObject object, String field, String text) {
        try {
            return Optional.of(KeyValue.parse(keyType, text));
        } catch (KeyFormatException e) {
            object.report(field, "\"" + text + "\"", keyType.typeName() + ": " + e.expectation());
            return Optional.empty();
        }
    }

    /** Returns the index of the shard the object names, 0 after a problem was reported. */
    private int shard(JsonObject object) {
        String name = object.text("shard");
        int shard = shardNames.indexOf(name);
        // An empty name was missing, and reported as such.
        if (shard < 0 && !name.isEmpty()) {
            object.report("shard", "\"" + name + "\"", "one of the cluster's shards: " + String.join(", ", shardNames));
        }
        return Math.max(0, shard);
    }
}
