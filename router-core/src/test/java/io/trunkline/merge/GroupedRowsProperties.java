// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static io.trunkline.merge.Rows.float8;
import static io.trunkline.merge.Rows.int4;
import static io.trunkline.merge.Rows.int8;
import static io.trunkline.merge.Rows.row;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.merge.OutputColumn.Combine;
import io.trunkline.merge.OutputColumn.End;
import io.trunkline.merge.OutputColumn.Extreme;
import io.trunkline.merge.OutputColumn.Pass;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.wire.ProtocolViolation;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** However partial values are cut and come, groups are those of all rows; whatever a shard sends, nothing but the merge breaks. */
class GroupedRowsProperties {
    private static final ValueOrder INT4 = requireNonNull(ValueOrder.of(23));
    private static final ValueOrder INT8 = requireNonNull(ValueOrder.of(20));
    private static final ValueOrder FLOAT8 = requireNonNull(ValueOrder.of(701));
    private static final ValueOrder NUMERIC = requireNonNull(ValueOrder.of(1700));
    private static final int COLUMNS = 5;

    /** What is expected of a group. */
    private static final class Sums {
        private long count;
        private BigDecimal sum = BigDecimal.ZERO;
        private double greatest = Double.NEGATIVE_INFINITY;

        void add(Sample sample) {
            count += sample.count;
            sum = sum.add(sample.number);
            greatest = Math.max(greatest, sample.real);
        }

        List<String> texts(@Nullable Integer key) {
            return List.of(key == null ? "null" : "k" + key, Long.toString(count), sum.toPlainString(), "r" + greatest);
        }
    }

    private record Sample(@Nullable Integer key, long count, BigDecimal number, double real) {
        byte[] message() {
            ByteBuf numeric = Unpooled.buffer();
            NumericFormat.write(numeric, number);
            return row(
                    Rows.text(key == null ? "" : "k" + key),
                    key == null ? null : int4(key),
                    int8(count),
                    ByteBufUtil.getBytes(numeric),
                    float8(real));
        }
    }

    @Property(tries = 2_000)
    void groupsAreThoseOfAllRows(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        boolean isFinal = random.nextBoolean();
        RowRange range = random.nextBoolean() ? RowRange.ALL : new RowRange(random.nextInt(4), random.nextInt(6));
        List<List<Sample>> shards = shards(random);
        Comparator<Integer> keys = Comparator.nullsLast(Comparator.naturalOrder());
        TreeMap<Integer, Sums> groups = new TreeMap<>(keys);
        for (List<Sample> shard : shards) {
            shard.sort(Comparator.comparing(Sample::key, keys));
            shard.forEach(sample ->
                    groups.computeIfAbsent(sample.key, key -> new Sums()).add(sample));
        }
        List<Integer> order = new ArrayList<>(groups.keySet());
        if (isFinal) {
            order.sort(Comparator.comparing((Integer key) -> requireNonNull(groups.get(key)).sum)
                    .reversed()
                    .thenComparing(keys));
        }
        List<List<String>> expected = order.stream()
                .skip(range.offset())
                .limit(range.limit())
                .map(key -> requireNonNull(groups.get(key)).texts(key))
                .toList();

        ByteBufLeaks.during(() -> {
            MergedRows rows = MergedRows.of(shards.size(), plan(random, isFinal, range));
            List<List<byte[]>> messages = shards.stream()
                    .map(shard -> shard.stream().map(Sample::message).toList())
                    .toList();
            List<List<String>> passed = Rows.feed(random, rows, messages).values().stream()
                    .map(GroupedRowsProperties::texts)
                    .toList();

            assertThat(passed).isEqualTo(expected);
            assertThat(rows.rowCount()).isEqualTo(expected.size());
        });
    }

    @Property(tries = 20_000)
    void aShardThatSendsGarbageBreaksOnlyTheMerge(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        MergedRows rows = anyMerge(random);
        List<List<byte[]>> messages = new ArrayList<>();
        for (int shard = 0; shard < 3; shard++) {
            List<byte[]> garbled = new ArrayList<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                garbled.add(garbled(random, sample(random).message()));
            }
            messages.add(garbled);
        }

        ByteBufLeaks.during(() -> {
            try {
                Rows.feed(random, rows, messages);
            } catch (ProtocolViolation e) {
                assertThat(e.isFatal()).isTrue();
            } catch (MergeFailure e) {
                assertThat(e.error().response().sqlState()).isIn("22003", "XX000");
            }
        });
    }

    /** Returns the message as it is, with another byte, or with a value of another length. */
    private static byte[] garbled(Random random, byte[] message) {
        int kind = random.nextInt(4);
        if (kind == 0) {
            message[random.nextInt(message.length)] = (byte) random.nextInt(256);
        } else if (kind == 1) {
            byte[][] values = Rows.values(message).toArray(new byte[0][]);
            byte[] other = new byte[random.nextInt(12)];
            random.nextBytes(other);
            values[random.nextInt(COLUMNS)] = other;
            return row(values);
        }
        return message;
    }

    private static MergedRows anyMerge(Random random) {
        List<SortKey> keys =
                List.of(new SortKey(1, INT4, false, false), new SortKey(3, NUMERIC, true, random.nextBoolean()));
        return switch (random.nextInt(4)) {
            case 0 -> MergedRows.of(3, new MergePlan(COLUMNS, 1 + random.nextInt(5), List.of(), RowRange.ALL));
            case 1 -> MergedRows.of(3, new MergePlan(COLUMNS, 1 + random.nextInt(5), keys, new RowRange(1, 9)));
            default -> MergedRows.of(3, plan(random, random.nextBoolean(), RowRange.ALL));
        };
    }

    private static GroupPlan plan(Random random, boolean isFinal, RowRange range) {
        List<FinalKey> finalOrder = new ArrayList<>();
        if (isFinal) {
            finalOrder.add(new FinalKey.OfOutput(new SortKey(2, NUMERIC, true, true)));
        }
        // Without it groups of equal sums stay in the order of their keys, which is the same.
        if (isFinal && random.nextBoolean()) {
            finalOrder.add(new FinalKey.OfRow(new SortKey(1, INT4, false, false)));
        }
        return new GroupPlan(
                COLUMNS,
                List.of(new SortKey(1, INT4, false, false)),
                List.of(
                        new Pass(1),
                        new Combine(Aggregate.COUNT, 2, ValueFormat.TEXT),
                        new Combine(Aggregate.SUM_NUMERIC, 3, ValueFormat.TEXT),
                        new Extreme(End.GREATEST, 4, 4, FLOAT8),
                        new Combine(Aggregate.AVG_NUMERIC, 3, 2, ValueFormat.BINARY),
                        new Extreme(End.LEAST, 2, 2, INT8)),
                4,
                finalOrder,
                range,
                1 << 20);
    }

    private static List<String> texts(List<byte @Nullable []> row) {
        byte[] key = row.get(0);
        byte[] real = requireNonNull(row.get(3));
        return List.of(
                key == null ? "null" : "k" + Unpooled.wrappedBuffer(key).getInt(0),
                new String(requireNonNull(row.get(1)), StandardCharsets.US_ASCII),
                new String(requireNonNull(row.get(2)), StandardCharsets.US_ASCII),
                "r" + Unpooled.wrappedBuffer(real).getDouble(0));
    }

    private static List<List<Sample>> shards(Random random) {
        List<List<Sample>> shards = new ArrayList<>();
        for (int source = 1 + random.nextInt(4); source > 0; source--) {
            List<Sample> shard = new ArrayList<>();
            for (int i = random.nextInt(12); i > 0; i--) {
                shard.add(sample(random));
            }
            shards.add(shard);
        }
        return shards;
    }

    private static Sample sample(Random random) {
        return new Sample(
                random.nextInt(6) == 0 ? null : Integer.valueOf(random.nextInt(6)),
                1 + random.nextInt(1000),
                new BigDecimal(BigInteger.valueOf(random.nextLong() >> 32 + random.nextInt(32)), random.nextInt(3)),
                random.nextInt(2_000) / 8.0);
    }
}
