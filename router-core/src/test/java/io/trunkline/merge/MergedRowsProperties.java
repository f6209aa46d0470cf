// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static io.trunkline.merge.Rows.int4;
import static io.trunkline.merge.Rows.row;
import static io.trunkline.merge.Rows.text;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.merge.Rows.Kept;
import io.trunkline.testing.ByteBufLeaks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** However shards' rows are cut and come, and however often the client pauses, the merge is the sorted concatenation. */
class MergedRowsProperties {
    private static final ValueOrder INT4 = requireNonNull(ValueOrder.of(23));
    private static final ValueOrder TEXT = requireNonNull(ValueOrder.of(25));

    /** A row as a test knows it. */
    private record Sample(@Nullable Integer number, String word, int source, int position) {
        byte[] message(int columns) {
            byte[][] all = {text(source + "/" + position), number == null ? null : int4(number), text(word)};
            return row(Arrays.copyOf(all, columns));
        }
    }

    @Property(tries = 3_000)
    void sortedRowsAreTheSortedConcatenation(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        boolean descending = random.nextBoolean();
        boolean nullsFirst = random.nextBoolean();
        int visible = 1 + random.nextInt(3);
        RowRange range = range(random);
        List<SortKey> keys =
                List.of(new SortKey(1, INT4, descending, nullsFirst), new SortKey(2, TEXT, !descending, nullsFirst));
        Comparator<Integer> numbers = descending ? Comparator.reverseOrder() : Comparator.naturalOrder();
        Comparator<String> words = descending ? Comparator.naturalOrder() : Comparator.reverseOrder();
        Comparator<Sample> order = Comparator.comparing(
                        Sample::number, nullsFirst ? Comparator.nullsFirst(numbers) : Comparator.nullsLast(numbers))
                .thenComparing(Sample::word, words);
        List<List<Sample>> shards = shards(random);
        shards.forEach(shard -> shard.sort(order));

        List<Sample> expected = new ArrayList<>();
        shards.forEach(expected::addAll);
        expected.sort(order);

        ByteBufLeaks.during(() -> {
            MergedRows rows = MergedRows.of(shards.size(), new MergePlan(3, visible, keys, range));
            Kept sink = Rows.feed(random, rows, messages(shards));

            assertThat(sink.messages)
                    .containsExactlyElementsOf(within(range, expected).stream()
                            .map(sample -> sample.message(visible))
                            .toList());
            assertThat(rows.rowCount()).isEqualTo(sink.messages.size());
        });
    }

    @Property(tries = 2_000)
    void unorderedRowsAreAllRowsAndThoseOfOneShardInOrder(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int visible = 1 + random.nextInt(3);
        RowRange range = range(random);
        List<List<Sample>> shards = shards(random);
        int total = shards.stream().mapToInt(List::size).sum();

        ByteBufLeaks.during(() -> {
            MergedRows rows = MergedRows.of(shards.size(), new MergePlan(3, visible, List.of(), range));
            Kept sink = Rows.feed(random, rows, messages(shards));

            assertThat(sink.messages).hasSize((int) Math.min(range.limit(), Math.max(0, total - range.offset())));
            for (List<Sample> shard : shards) {
                List<byte[]> all =
                        shard.stream().map(sample -> sample.message(visible)).toList();
                List<String> names =
                        all.stream().map(MergedRowsProperties::name).toList();
                List<String> passed = sink.messages.stream()
                        .map(MergedRowsProperties::name)
                        .filter(names::contains)
                        .toList();
                assertThat(passed)
                        .isEqualTo(names.stream().filter(passed::contains).toList());
            }
            assertThat(rows.rowCount()).isEqualTo(sink.messages.size());
        });
    }

    private static List<List<byte[]>> messages(List<List<Sample>> shards) {
        return shards.stream()
                .map(shard -> shard.stream().map(sample -> sample.message(3)).toList())
                .toList();
    }

    private static List<List<Sample>> shards(Random random) {
        List<List<Sample>> shards = new ArrayList<>();
        for (int source = 0; source < 1 + random.nextInt(5); source++) {
            List<Sample> shard = new ArrayList<>();
            int count = random.nextInt(20);
            for (int i = 0; i < count; i++) {
                Integer number = random.nextInt(5) == 0 ? null : Integer.valueOf(random.nextInt(4) - 2);
                shard.add(new Sample(number, "x".repeat(random.nextInt(3)), source, i));
            }
            shards.add(shard);
        }
        return shards;
    }

    private static RowRange range(Random random) {
        return random.nextBoolean() ? RowRange.ALL : new RowRange(random.nextInt(10), random.nextInt(30));
    }

    private static <T> List<T> within(RowRange range, List<T> all) {
        return all.stream().skip(range.offset()).limit(range.limit()).toList();
    }

    private static String name(byte[] message) {
        return new String(requireNonNull(Rows.values(message).get(0)), StandardCharsets.UTF_8);
    }
}
