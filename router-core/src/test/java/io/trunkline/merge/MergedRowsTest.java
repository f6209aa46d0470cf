// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static io.trunkline.merge.Rows.buffer;
import static io.trunkline.merge.Rows.int4;
import static io.trunkline.merge.Rows.row;
import static io.trunkline.merge.Rows.text;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.trunkline.merge.Rows.Kept;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(ByteBufLeaks.class)
class MergedRowsTest {
    private static final ValueOrder INT4 = requireNonNull(ValueOrder.of(23));
    private static final SortKey BY_SECOND = new SortKey(1, INT4, false, false);

    private final Kept sink = new Kept();

    @Test
    void mergesRowsByTheirKeysAndTakesTheLowerShardFirst() {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"), int4(1)), row(text("b"), int4(3)), row(text("c"), null)));
        rows.offer(1, buffer(row(text("d"), int4(1)), row(text("e"), int4(2)), row(text("f"), int4(3))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(firstColumn()).containsExactly("a", "d", "e", "b", "f", "c");
        assertThat(rows.isDone()).isTrue();
        assertThat(rows.rowCount()).isEqualTo(6);
        rows.close();
    }

    @Test
    void waitsForTheShardWhoseNextRowIsUnknown() {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"), int4(1)), row(text("b"), int4(3))));

        rows.drain(sink);
        assertThat(firstColumn()).isEmpty();
        rows.offer(1, buffer(row(text("c"), int4(2))));
        rows.drain(sink);
        assertThat(firstColumn()).containsExactly("a", "c");
        assertThat(rows.isDone()).isFalse();
        rows.end(1);
        rows.drain(sink);
        assertThat(firstColumn()).containsExactly("a", "c", "b");
        assertThat(rows.isDone()).isFalse();
        rows.end(0);
        assertThat(rows.isDone()).isTrue();
        rows.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesRowsThatAShardHasNotSorted(boolean inBuffersOfTheirOwn) {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"), int4(1))));
        if (inBuffersOfTheirOwn) {
            rows.offer(1, buffer(row(text("b"), int4(2))));
            rows.offer(1, buffer(row(text("c"), int4(5))));
            rows.offer(1, buffer(row(text("d"), int4(4))));
        } else {
            rows.offer(1, buffer(row(text("b"), int4(2)), row(text("c"), int4(5)), row(text("d"), int4(4))));
        }
        rows.end(0);
        rows.end(1);

        assertThatThrownBy(() -> rows.drain(sink))
                .isInstanceOfSatisfying(
                        MergeFailure.class,
                        failure ->
                                assertThat(failure.error().response().detail()).contains("shard 2"));
        rows.close();
    }

    @Test
    void passesARunOfOneShardOnAsOneSlice() {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"), int4(1)), row(text("b"), int4(2)), row(text("c"), int4(9))));
        rows.offer(1, buffer(row(text("d"), int4(5)), row(text("e"), int4(6))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(firstColumn()).containsExactly("a", "b", "d", "e", "c");
        assertThat(sink.bufferCount).isEqualTo(3);
        rows.close();
    }

    @Test
    void passesABufferOfUnorderedRowsOnAsOneSlice() {
        MergedRows rows = MergedRows.of(2, new MergePlan(1, 1, List.of(), RowRange.ALL));
        rows.offer(1, buffer(row(text("a")), row(text("b")), row(text("c"))));

        rows.drain(sink);

        assertThat(firstColumn()).containsExactly("a", "b", "c");
        assertThat(sink.bufferCount).isOne();
        rows.close();
    }

    @Test
    void ordersDescendingWithNullsWhereTheKeySays() {
        SortKey key = new SortKey(1, INT4, true, true);
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 1, List.of(key), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"), null), row(text("b"), int4(Integer.MIN_VALUE))));
        rows.offer(1, buffer(row(text("c"), int4(7))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(sink.texts()).containsExactly(List.of("a"), List.of("c"), List.of("b"));
        rows.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void leavesOutTheOffsetAndEndsAtTheLimit(int visibleColumns) {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, visibleColumns, List.of(BY_SECOND), new RowRange(2, 3)));
        rows.offer(0, buffer(row(text("a"), int4(1)), row(text("b"), int4(2)), row(text("c"), int4(3))));
        rows.offer(1, buffer(row(text("d"), int4(4)), row(text("e"), int4(5)), row(text("f"), int4(6))));

        rows.drain(sink);

        assertThat(firstColumn()).containsExactly("c");
        rows.end(0);
        rows.drain(sink);
        assertThat(firstColumn()).containsExactly("c", "d", "e");
        assertThat(rows.isDone()).isTrue();
        assertThat(rows.wants(1)).isTrue();
        rows.offer(1, buffer(row(text("g"), int4(7))));
        rows.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void leavesOutTheOffsetOfUnorderedRowsAndEndsAtTheLimit(int visibleColumns) {
        MergedRows rows = MergedRows.of(1, new MergePlan(2, visibleColumns, List.of(), new RowRange(3, 2)));
        rows.offer(0, buffer(row(text("a"), null), row(text("b"), null)));
        rows.offer(0, buffer(row(text("c"), null), row(text("d"), null), row(text("e"), null), row(text("f"), null)));

        rows.drain(sink);

        assertThat(firstColumn()).containsExactly("d", "e");
        assertThat(rows.isDone()).isTrue();
        rows.close();
    }

    @Test
    void isDoneAtOnceWhenNoRowIsWanted() {
        MergedRows rows = MergedRows.of(3, new MergePlan(1, 1, List.of(), new RowRange(5, 0)));

        rows.offer(0, buffer(row(text("a"))));

        assertThat(rows.isDone()).isTrue();
        rows.close();
    }

    @Test
    void countsTheRowsAtWhichTheShardsStand() {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(text("x".repeat(10_000)), int4(1))));
        rows.drain(sink);

        assertThat(rows.keptBytes()).isBetween(10_000L, 11_000L);
        rows.close();
        assertThat(rows.keptBytes()).isZero();
    }

    @Test
    void wantsNoMoreOfAShardWhoseRowsLieHereInPlenty() {
        MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
        rows.offer(0, buffer(row(new byte[MergedRows.QUEUED_BYTES_MAX], int4(1))));

        assertThat(rows.wants(0)).isFalse();
        assertThat(rows.wants(1)).isTrue();
        rows.offer(1, buffer(row(text("a"), int4(2))));
        rows.drain(sink);
        assertThat(rows.wants(0)).isTrue();
        rows.close();
    }

    @Test
    void stopsWhenTheSinkCloses() {
        sink.open = false;
        MergedRows rows = MergedRows.of(1, new MergePlan(1, 1, List.of(), RowRange.ALL));
        rows.offer(0, buffer(row(text("a"))));
        rows.end(0);

        rows.drain(sink);

        assertThat(sink.messages).isEmpty();
        assertThat(rows.isDone()).isFalse();
        rows.close();
        rows.close();
    }

    @Test
    void mayBeClosedByItsSink() {
        for (int visible = 1; visible <= 2; visible++) {
            for (List<SortKey> keys : List.of(List.<SortKey>of(), List.of(BY_SECOND))) {
                MergedRows rows = MergedRows.of(1, new MergePlan(2, visible, keys, RowRange.ALL));
                rows.offer(0, buffer(row(text("a"), int4(1))));
                rows.offer(0, buffer(row(text("b"), int4(2))));
                rows.end(0);

                rows.drain(new RowSink() {
                    @Override
                    public void rows(ByteBuf messages) {
                        messages.release();
                        rows.close();
                    }

                    @Override
                    public boolean isOpen() {
                        return true;
                    }
                });

                rows.offer(0, buffer(row(text("c"), int4(3))));
            }
        }
    }

    @Test
    void refusesWhatIsNoRowOfThePlan() {
        byte[] good = row(text("a"), int4(1));
        byte[] tag = good.clone();
        tag[0] = 'C';
        byte[] columns = row(text("a"));
        byte[] frame = good.clone();
        frame[4]++;
        byte[] longValue = good.clone();
        longValue[10] = 40;
        byte[] shortValue = good.clone();
        shortValue[10] = 0;
        byte[] negative = good.clone();
        negative[7] = (byte) 0x80;
        byte[] rest = good.clone();
        rest[4]++;
        rest = Arrays.copyOf(rest, rest.length + 1);
        byte[] belowNull = row(text("a"), null);
        belowNull[belowNull.length - 1] = (byte) 0xFE;
        byte[] wrongType = row(text("a"), text("b"));
        byte[] half = {'D', 0, 0};

        for (byte[] bad :
                List.of(tag, columns, frame, longValue, shortValue, negative, rest, belowNull, wrongType, half)) {
            MergedRows rows = MergedRows.of(2, new MergePlan(2, 2, List.of(BY_SECOND), RowRange.ALL));
            rows.offer(1, buffer(good));

            assertThatThrownBy(() -> {
                        rows.offer(0, buffer(good, bad));
                        rows.end(0);
                        rows.drain(sink);
                    })
                    .isInstanceOfSatisfying(
                            ProtocolViolation.class,
                            violation -> assertThat(violation.isFatal()).isTrue());
            rows.close();
        }
    }

    private List<String> firstColumn() {
        List<String> values = new ArrayList<>();
        sink.texts().forEach(row -> values.add(row.get(0)));
        return values;
    }
}
