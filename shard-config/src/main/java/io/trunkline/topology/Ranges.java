// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Sharding by ranges {@code [from, to)} of the key, ascending and without overlap; a key between ranges has no shard.
 *
 * <p>Text is ordered by its bytes, whatever the column's collation: the ranges only partition the keys, no query is answered
 * from their order.
 *
 * @param ranges the ranges; sorted by their lower bound whatever order they are given in
 */
public record Ranges(List<Range> ranges) implements ShardFunction {
    /** The largest number of ranges. */
    public static final int RANGES_MAX = 65_536;

    private static final Comparator<Range> BY_FROM = (left, right) -> Bound.compareLower(left.from(), right.from());

    /** One end of a range. */
    public sealed interface Bound {
        /** An end that is a key: the first of the range, or the first beyond it. */
        record At(KeyValue key) implements Bound {}

        /** No end: before or behind all keys. */
        record Unbounded() implements Bound {}

        /** Returns the bound at a key. */
        static Bound at(KeyValue key) {
            return new At(key);
        }

        /** Returns the absent bound. */
        static Bound unbounded() {
            return new Unbounded();
        }

        private static int compareLower(Bound left, Bound right) {
            if (left instanceof At leftAt && right instanceof At rightAt) {
                return leftAt.key().compareTo(rightAt.key());
            }
            return Boolean.compare(left instanceof At, right instanceof At);
        }
    }

    /**
     * One range and its shard.
     *
     * @param from the first key
     * @param to the first key that is beyond
     * @param shard the shard's index
     */
    public record Range(Bound from, Bound to, int shard) {
        private boolean startsAtOrBefore(KeyValue key) {
            return !(from instanceof Bound.At at) || at.key().compareTo(key) <= 0;
        }

        private boolean endsBehind(KeyValue key) {
            return !(to instanceof Bound.At at) || at.key().compareTo(key) > 0;
        }

        private boolean isEmpty() {
            return from instanceof Bound.At start && !endsBehind(start.key());
        }

        /** Returns {@code [from, to)}. */
        String text() {
            return "[" + text(from) + ", " + text(to) + ")";
        }

        private static String text(Bound bound) {
            return bound instanceof Bound.At at ? at.key().text() : "unbounded";
        }

        private boolean overlaps(Range next) {
            return !(next.from instanceof Bound.At start) || endsBehind(start.key());
        }
    }

    /** Sorts and checks; a problem is named by the position in the list given. */
    public Ranges {
        if (ranges.isEmpty() || ranges.size() > RANGES_MAX) {
            throw InvalidTopologyException.at("ranges", ranges.size() + " ranges", "1 to " + RANGES_MAX);
        }
        List<Problem> problems = new ArrayList<>();
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(BY_FROM);
        for (int i = 0; i < sorted.size(); i++) {
            Range range = sorted.get(i);
            String path = "ranges[" + ranges.indexOf(range) + "]";
            if (range.isEmpty()) {
                problems.add(new Problem(path, range.text(), "from below to"));
            } else if (i + 1 < sorted.size() && range.overlaps(sorted.get(i + 1))) {
                problems.add(new Problem(
                        path,
                        range.text(),
                        "no overlap with " + sorted.get(i + 1).text()));
            }
        }
        InvalidTopologyException.throwIfAny(problems);
        ranges = List.copyOf(sorted);
    }

    @Override
    public OptionalInt shardOf(KeyValue key) {
        // The last range that starts at or before the key is the only one that can hold it.
        int low = 0;
        int high = ranges.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ranges.get(middle).startsAtOrBefore(key)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == 0 || !ranges.get(low - 1).endsBehind(key)) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(ranges.get(low - 1).shard());
    }

    @Override
    public IntStream shards() {
        return ranges.stream().mapToInt(Range::shard).sorted().distinct();
    }
}
