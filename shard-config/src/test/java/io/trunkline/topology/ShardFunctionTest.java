// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.topology.Ranges.Bound;
import io.trunkline.topology.Ranges.Range;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ShardFunctionTest {
    @Test
    void spreadsSlotsEvenly() {
        HashSlots three = HashSlots.evenly(1024, 3);

        assertThat(three.assignments())
                .containsExactly(
                        new HashSlots.Assignment(0, 342, 0),
                        new HashSlots.Assignment(342, 683, 1),
                        new HashSlots.Assignment(683, 1024, 2));
        assertThat(three.shards()).containsExactly(0, 1, 2);
    }

    @Property
    void findsTheShardOfTheSlot(@ForAll long key, @ForAll @IntRange(min = 1, max = 5000) int slots) {
        HashSlots function = HashSlots.evenly(slots, Math.min(slots, 7));
        KeyValue value = KeyValue.ofLong(key);

        int slot = function.slotOf(value);

        assertThat(slot).isBetween(0, slots - 1);
        assertThat(function.shardOf(value)).hasValue(function.shardOfSlot(slot));
    }

    @Test
    void refusesSlotsWithoutAShard() {
        assertThatThrownBy(() -> new HashSlots(3, new int[] {0, -1, 0}))
                .isInstanceOf(InvalidTopologyException.class)
                .hasMessage("slots: slot 1 has no shard (expected: a shard for each slot)");
        assertThatThrownBy(() -> new HashSlots(3, new int[2])).isInstanceOf(InvalidTopologyException.class);
        assertThatThrownBy(() -> new HashSlots(0, new int[0])).isInstanceOf(InvalidTopologyException.class);
    }

    @Test
    void findsTheRangeThatHoldsTheKey() {
        Ranges ranges = new Ranges(List.of(
                new Range(at(20), Bound.unbounded(), 2),
                new Range(Bound.unbounded(), at(0), 0),
                new Range(at(0), at(10), 1)));

        assertThat(ranges.shardOf(KeyValue.ofLong(-1))).hasValue(0);
        assertThat(ranges.shardOf(KeyValue.ofLong(0))).hasValue(1);
        assertThat(ranges.shardOf(KeyValue.ofLong(9))).hasValue(1);
        assertThat(ranges.shardOf(KeyValue.ofLong(10))).isEmpty();
        assertThat(ranges.shardOf(KeyValue.ofLong(19))).isEmpty();
        assertThat(ranges.shardOf(KeyValue.ofLong(20))).hasValue(2);
        assertThat(ranges.shardOf(KeyValue.ofLong(Long.MAX_VALUE))).hasValue(2);
        assertThat(ranges.shards()).containsExactly(0, 1, 2);
    }

    @Test
    void hasNoShardBelowTheFirstRange() {
        Ranges ranges = new Ranges(List.of(new Range(at(5), at(6), 0)));

        assertThat(ranges.shardOf(KeyValue.ofLong(4))).isEmpty();
    }

    @Test
    void refusesOverlapAndEmptiness() {
        assertThatThrownBy(() -> new Ranges(
                        List.of(new Range(Bound.unbounded(), at(5), 0), new Range(Bound.unbounded(), at(3), 1))))
                .hasMessageContaining("no overlap");
        assertThatThrownBy(() -> new Ranges(
                        List.of(new Range(at(0), Bound.unbounded(), 0), new Range(at(9), Bound.unbounded(), 1))))
                .hasMessageContaining("no overlap");
        assertThatThrownBy(() -> new Ranges(List.of(new Range(at(5), at(4), 0))))
                .hasMessageContaining("from below to");
        assertThatThrownBy(() -> new Ranges(List.of())).hasMessageContaining("0 ranges");
    }

    @Property
    void agreesWithALinearSearch(@ForAll @IntRange(min = -50, max = 50) int key, @ForAll long seed) {
        java.util.Random random = new java.util.Random(seed);
        List<Range> list = new java.util.ArrayList<>();
        for (int from = -40; from < 40; ) {
            int start = from + random.nextInt(5);
            int end = start + 1 + random.nextInt(9);
            list.add(new Range(at(start), at(end), list.size()));
            from = end;
        }
        java.util.Collections.shuffle(list, random);
        Ranges ranges = new Ranges(list);

        assertThat(ranges.shardOf(KeyValue.ofLong(key)).orElse(-1)).isEqualTo(linear(list, key));
    }

    @Test
    void findsOnlyListedKeys() {
        ListValues values = new ListValues(Map.of(KeyValue.ofText("de"), 1, KeyValue.ofText("fr"), 0));

        assertThat(values.shardOf(KeyValue.ofText("de"))).hasValue(1);
        assertThat(values.shardOf(KeyValue.ofText("DE"))).isEmpty();
        assertThat(values.shards()).containsExactly(0, 1);
    }

    private static int linear(List<Range> ranges, int key) {
        for (Range range : ranges) {
            Bound.At from = (Bound.At) range.from();
            Bound.At to = (Bound.At) range.to();
            if (from.key().compareTo(KeyValue.ofLong(key)) <= 0 && to.key().compareTo(KeyValue.ofLong(key)) > 0) {
                return range.shard();
            }
        }
        return -1;
    }

    private static Bound at(long key) {
        return Bound.at(KeyValue.ofLong(key));
    }
}
