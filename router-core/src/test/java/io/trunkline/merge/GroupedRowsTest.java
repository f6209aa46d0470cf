// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static io.trunkline.merge.Rows.buffer;
import static io.trunkline.merge.Rows.float8;
import static io.trunkline.merge.Rows.int4;
import static io.trunkline.merge.Rows.int8;
import static io.trunkline.merge.Rows.row;
import static io.trunkline.merge.Rows.text;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.End;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import io.trunkline.merge.Rows.Kept;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.wire.ProtocolViolation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ByteBufLeaks.class)
class GroupedRowsTest {
    private static final ValueOrder INT4 = requireNonNull(ValueOrder.of(23));
    private static final ValueOrder INT8 = requireNonNull(ValueOrder.of(20));
    private static final SortKey BY_SECOND = new SortKey(1, INT4, false, false);
    private static final Combine COUNT = new Combine(Aggregate.COUNT, 2, ValueFormat.TEXT);
    private static final long MEMORY = 1 << 20;

    private final Kept sink = new Kept();

    @Test
    void makesOneRowOfRowsThatAreEqualInTheirKeys() {
        MergedRows rows = MergedRows.of(2, plan(List.of(BY_SECOND), List.of(new Pass(0), COUNT), List.of()));
        rows.offer(0, buffer(counted("a", 1, 3), counted("b", 2, 4), row(text("c"), null, int8(1))));
        rows.offer(1, buffer(counted("d", 2, 40), row(text("e"), null, int8(10))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(sink.texts()).containsExactly(List.of("a", "3"), List.of("b", "44"), List.of("c", "11"));
        assertThat(rows.isDone()).isTrue();
        assertThat(rows.rowCount()).isEqualTo(3);
        rows.close();
    }

    @Test
    void keepsAGroupOpenUntilNoShardCanHaveMoreOfIt() {
        MergedRows rows = MergedRows.of(2, plan(List.of(BY_SECOND), List.of(new Pass(0), COUNT), List.of()));
        rows.offer(0, buffer(counted("a", 1, 3), counted("b", 2, 4)));
        rows.offer(1, buffer(counted("c", 1, 5)));

        rows.drain(sink);
        assertThat(sink.texts()).isEmpty();
        rows.end(1);
        rows.drain(sink);
        assertThat(sink.texts()).containsExactly(List.of("a", "8"));
        rows.end(0);
        assertThat(rows.isDone()).isFalse();
        rows.drain(sink);
        assertThat(sink.texts()).containsExactly(List.of("a", "8"), List.of("b", "4"));
        assertThat(rows.isDone()).isTrue();
        rows.close();
    }

    @Test
    void makesOneRowOfAllRowsWithoutKeysEvenOfNone() {
        Combine sum = new Combine(Aggregate.SUM_INT8, 2, ValueFormat.TEXT);
        for (byte[] partial : new byte[][] {row(null, null, int8(7)), row(null, null, null), null}) {
            MergedRows rows = MergedRows.of(2, plan(List.of(), List.of(sum, COUNT), List.of()));
            if (partial != null) {
                rows.offer(0, buffer(partial));
                rows.offer(1, buffer(partial));
            }
            rows.end(0);
            rows.end(1);

            rows.drain(sink);

            assertThat(rows.isDone()).isTrue();
            rows.close();
        }

        assertThat(sink.texts()).containsExactly(List.of("14", "14"), List.of("null", "0"), List.of("null", "0"));
    }

    @Test
    void handsOnTheVisibleBytesOfTheExtremes() {
        List<OutputColumn> outputs = List.of(new Extreme(End.LEAST, 1, 0, INT4), new Extreme(End.GREATEST, 1, 0, INT4));
        MergedRows rows = MergedRows.of(3, plan(List.of(), outputs, List.of()));
        rows.offer(0, buffer(counted("two", 2, 0)));
        rows.offer(1, buffer(counted("minus", -1, 0)));
        rows.offer(2, buffer(row(text("nothing"), null, null)));
        rows.end(0);
        rows.end(1);
        rows.end(2);

        rows.drain(sink);

        assertThat(sink.texts()).containsExactly(List.of("minus", "two"));
        rows.close();
    }

    @Test
    void ordersGroupsByWhatTheyBecame() {
        SortKey byCount = new SortKey(1, INT8, true, true);
        MergedRows rows = MergedRows.of(
                2,
                new GroupPlan(
                        3,
                        List.of(BY_SECOND),
                        List.of(new Pass(0), COUNT),
                        1,
                        List.of(new FinalKey.OfOutput(byCount), new FinalKey.OfRow(new SortKey(1, INT4, true, true))),
                        new RowRange(1, 2),
                        MEMORY));
        rows.offer(0, buffer(counted("a", 1, 5), counted("b", 2, 1), counted("c", 3, 9), counted("d", 4, 1)));
        rows.offer(1, buffer(counted("b", 2, 4), counted("e", 5, 2)));
        rows.end(0);
        rows.end(1);
        sink.open = false;
        rows.drain(sink);
        assertThat(sink.texts()).isEmpty();
        sink.open = true;

        rows.drain(sink);

        // c 9, b 5, a 5, e 2, d 1
        assertThat(sink.texts()).containsExactly(List.of("b"), List.of("a"));
        assertThat(rows.isDone()).isTrue();
        rows.close();
    }

    @Test
    void countsTheGroupsThatAreLeft() {
        int each = 160;
        MergedRows rows = MergedRows.of(
                1,
                plan(
                        List.of(BY_SECOND),
                        List.of(new Pass(0), COUNT),
                        List.of(new FinalKey.OfOutput(new SortKey(1, INT8, false, false)))));
        for (int i = 0; i < 20; i++) {
            rows.offer(0, buffer(counted("x" + i, i, 50 - i)));
        }
        rows.end(0);
        rows.allow(5);
        rows.drain(sink);

        assertThat(rows.needsAll()).isTrue();
        assertThat(rows.isPaused()).isTrue();
        assertThat(rows.keptBytes()).isBetween(15L * each, 20L * each * 2);
        rows.allow(14);
        rows.drain(sink);
        assertThat(rows.keptBytes()).isBetween((long) each, 3L * each);
        rows.close();
    }

    @Test
    void refusesGroupsThatNeedTooMuchMemory() {
        List<FinalKey> order = List.of(new FinalKey.OfOutput(new SortKey(1, INT8, false, false)));
        GroupPlan all =
                new GroupPlan(3, List.of(BY_SECOND), List.of(new Pass(0), COUNT), 2, order, RowRange.ALL, 1_000);
        GroupPlan best =
                new GroupPlan(3, List.of(BY_SECOND), List.of(new Pass(0), COUNT), 2, order, new RowRange(0, 2), 1_000);
        MergedRows refused = MergedRows.of(1, all);
        MergedRows granted = MergedRows.of(1, best);
        for (int i = 0; i < 50; i++) {
            refused.offer(0, buffer(counted("x" + i, i, 50 - i)));
            granted.offer(0, buffer(counted("x" + i, i, 50 - i)));
        }
        granted.end(0);

        granted.drain(sink);

        assertThat(sink.texts()).containsExactly(List.of("x49", "1"), List.of("x48", "2"));
        assertThatThrownBy(() -> refused.drain(sink))
                .isInstanceOfSatisfying(
                        MergeFailure.class,
                        failure -> assertThat(failure.error().response().sqlState())
                                .isEqualTo("53200"));
        refused.close();
        granted.close();
    }

    @Test
    void refusesSumsOutOfRange() {
        assertThat(failure(Aggregate.COUNT, int8(Long.MAX_VALUE), int8(1))).isEqualTo("22003 bigint out of range");
        assertThat(failure(Aggregate.SUM_INT8, int8(Long.MIN_VALUE), int8(-1))).isEqualTo("22003 bigint out of range");
        assertThat(failure(Aggregate.SUM_FLOAT8, float8(1e308), float8(1e308)))
                .isEqualTo("22003 value out of range: overflow");
        assertThat(failure(Aggregate.SUM_FLOAT4, float4(3e38f), float4(3e38f)))
                .isEqualTo("22003 value out of range: overflow");
    }

    @Test
    void takesInfinityAsAValue() {
        MergedRows rows = MergedRows.of(
                2, plan(List.of(), List.of(new Combine(Aggregate.SUM_FLOAT8, 2, ValueFormat.TEXT)), List.of()));
        rows.offer(0, buffer(row(null, null, float8(Double.POSITIVE_INFINITY))));
        rows.offer(1, buffer(row(null, null, float8(1e308))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(sink.texts()).containsExactly(List.of("Infinity"));
        rows.close();
    }

    @Test
    void refusesPartialValuesOfAnotherLength() {
        for (Aggregate aggregate : Aggregate.values()) {
            Combine combine = aggregate.isAverage()
                    ? new Combine(aggregate, 2, 0, ValueFormat.BINARY)
                    : new Combine(aggregate, 2, ValueFormat.BINARY);
            MergedRows rows = MergedRows.of(1, plan(List.of(), List.of(combine), List.of()));
            rows.offer(0, buffer(row(int8(1), null, new byte[] {1, 2, 3, 4, 5})));

            assertThatThrownBy(() -> rows.drain(sink)).isInstanceOf(ProtocolViolation.class);
            rows.close();
        }
    }

    @Test
    void refusesGroupsThatCannotBeOrdered() {
        List<FinalKey> byThird = List.of(new FinalKey.OfRow(new SortKey(2, INT8, false, false)));
        for (int bad = 1; bad <= 2; bad++) {
            MergedRows rows = MergedRows.of(1, plan(List.of(BY_SECOND), List.of(new Pass(0)), byThird));
            rows.offer(0, buffer(row(text("a"), int4(1), bad == 1 ? int4(1) : int8(1))));
            rows.offer(0, buffer(row(text("b"), int4(2), bad == 2 ? int4(1) : int8(1))));
            rows.end(0);

            assertThatThrownBy(() -> rows.drain(sink)).isInstanceOf(ProtocolViolation.class);
            rows.close();
        }
    }

    @Test
    void mayBeClosedByItsSink() {
        MergedRows rows = MergedRows.of(1, plan(List.of(BY_SECOND), List.of(new Pass(0), COUNT), List.of()));
        String wide = "x".repeat(20_000);
        rows.offer(0, buffer(counted(wide, 1, 1), counted(wide, 2, 1), counted(wide, 3, 1)));

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

        assertThat(rows.rowCount()).isOne();
    }

    private String failure(Aggregate aggregate, byte[] one, byte[] other) {
        MergedRows rows =
                MergedRows.of(2, plan(List.of(), List.of(new Combine(aggregate, 2, ValueFormat.TEXT)), List.of()));
        rows.offer(0, buffer(row(null, null, one)));
        rows.offer(1, buffer(row(null, null, other)));
        rows.end(0);
        rows.end(1);
        try {
            rows.drain(sink);
            return "no failure";
        } catch (MergeFailure e) {
            return e.error().response().sqlState() + " " + e.error().response().message();
        } finally {
            rows.close();
        }
    }

    private static byte[] float4(float value) {
        return int4(Float.floatToRawIntBits(value));
    }

    private static byte[] counted(String name, int key, long count) {
        return row(text(name), int4(key), int8(count));
    }

    @Test
    void putsElementsOfAGroupsArraysOneBehindTheOther() {
        MergedRows rows = MergedRows.of(2, plan(List.of(BY_SECOND), List.of(new OutputColumn.Elements(2)), List.of()));
        rows.offer(0, buffer(row(null, int4(1), array(1, "a", null)), row(null, int4(2), null)));
        rows.offer(
                1,
                buffer(
                        row(null, int4(1), array(1, "bc")),
                        row(null, int4(2), array(0)),
                        row(null, int4(3), array(1, ""))));
        rows.end(0);
        rows.end(1);

        rows.drain(sink);

        assertThat(sink.values().get(0).get(0)).isEqualTo(elements("a", null, "bc"));
        assertThat(sink.values().get(1).get(0)).isNull();
        assertThat(sink.values().get(2).get(0)).isEqualTo(elements(""));
        rows.close();
    }

    @Test
    void failsWhenElementsOfOneGroupNeedTooMuchMemory() {
        List<OutputColumn> outputs = List.of(new OutputColumn.Elements(2), new OutputColumn.Elements(0));
        byte[] text = array(1, "x".repeat(8));
        for (int limit : new int[] {36, 35}) {
            MergedRows rows =
                    MergedRows.of(1, new GroupPlan(3, List.of(BY_SECOND), outputs, 2, List.of(), RowRange.ALL, limit));
            rows.offer(0, buffer(row(text, int4(1), null), row(text, int4(1), text), row(text, int4(2), text)));
            rows.end(0);

            if (limit == 36) {
                rows.drain(sink);
                assertThat(sink.messages).hasSize(2);
            } else {
                assertThatThrownBy(() -> rows.drain(sink))
                        .isInstanceOf(MergeFailure.class)
                        .hasMessageContaining("limits.merge_memory");
            }
            rows.close();
        }
    }

    @Test
    void refusesArraysOfArraysAndWhatIsNone() {
        for (byte[] value : List.of(array(2, "a"), new byte[] {0, 0, 0, 1}, array(1, "a", "b", "c"), int8(1))) {
            if (value.length > 30) {
                // More elements than could be.
                value[12] = -1;
            }
            MergedRows rows = MergedRows.of(1, plan(List.of(), List.of(new OutputColumn.Elements(2)), List.of()));
            rows.offer(0, buffer(row(null, int4(1), value)));

            assertThatThrownBy(() -> rows.drain(sink)).isInstanceOf(ProtocolViolation.class);
            rows.close();
        }
    }

    /** Returns an array of texts in binary format. */
    private static byte[] array(int dimensions, @Nullable String... elements) {
        ByteBuf array = Unpooled.buffer();
        array.writeInt(dimensions).writeInt(0).writeInt(25);
        if (dimensions > 0) {
            array.writeInt(elements.length)
                    .writeInt(1)
                    .writeBytes(elements(elements), 4, elements(elements).length - 4);
        }
        return ByteBufUtil.getBytes(array);
    }

    private static byte[] elements(@Nullable String... elements) {
        ByteBuf bytes = Unpooled.buffer().writeInt(elements.length);
        for (String element : elements) {
            bytes.writeInt(element == null ? -1 : element.length()).writeBytes(text(element == null ? "" : element));
        }
        return ByteBufUtil.getBytes(bytes);
    }

    private static GroupPlan plan(List<SortKey> keys, List<OutputColumn> outputs, List<FinalKey> finalOrder) {
        return new GroupPlan(3, keys, outputs, outputs.size(), finalOrder, RowRange.ALL, MEMORY);
    }
}
