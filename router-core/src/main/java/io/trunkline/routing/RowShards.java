// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.TableUse;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.KeyValue.TextKey;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The shards of rows that a COPY stores: a key is read by the same rules as that of an INSERT, but that its column's type is known.
 *
 * <p>Reading an integer allocates nothing that lives. Confined to one event loop.
 */
public final class RowShards {
    /** Stands for the shard of a row that has none: {@link #problem} says why. */
    public static final int NONE = -1;

    private static final String WHAT = "the key";
    /** Digits of which every number fits a long. */
    private static final int DIGITS_MAX = 18;

    private final RoutingTable table;
    private final Distribution distribution;
    private final KeyType column;
    private final boolean utf8;
    private final long integerMin;
    private final long integerMax;
    private ByteBuf view = Unpooled.EMPTY_BUFFER;
    private byte[] viewed = {};
    private Target.@Nullable Refused problem;

    private RowShards(RoutingTable table, Distribution distribution, KeyType column, boolean utf8) {
        this.table = table;
        this.distribution = distribution;
        this.column = column;
        this.utf8 = utf8;
        this.integerMax = ParameterTypes.isInteger(column) && ParameterTypes.isInteger(distribution.keyType())
                ? switch (column) {
                    case INT2 -> Short.MAX_VALUE;
                    case INT4 -> Integer.MAX_VALUE;
                    default -> Long.MAX_VALUE;
                }
                : -1;
        this.integerMin = -integerMax - 1;
    }

    /**
     * Returns the shards of the rows of a table, or null when its key column has a type by which the topology does not say where a row belongs.
     *
     * @param columnType the OID of the key column's type
     * @param utf8 whether the rows are in UTF-8; if not, only ASCII is read
     */
    public static @Nullable RowShards of(RoutingTable table, TableUse.Sharded use, int columnType, boolean utf8) {
        Distribution distribution = table.distribution(use.distribution());
        KeyType column = ParameterTypes.ofOid(columnType);
        return distribution == null || column == null || !ParameterTypes.isLossless(distribution.keyType(), column)
                ? null
                : new RowShards(table, distribution, column, utf8);
    }

    /** Returns the shard of a key in text format, or {@link #NONE}. */
    public int ofText(byte[] bytes, int start, int length) {
        if (integerMax > 0 && length > 0 && length <= DIGITS_MAX) {
            int shard = ofDigits(bytes, start, length);
            if (shard != NONE) {
                return shard;
            }
        }
        return shardOf(KeyBytes.text(WHAT, column, wrap(bytes), start, length, utf8));
    }

    /** Returns the shard of a key in binary format, or {@link #NONE}. */
    public int ofBinary(byte[] bytes, int start, int length) {
        return shardOf(KeyBytes.binary(WHAT, column, wrap(bytes), start, length, utf8));
    }

    /** A row has no key. */
    public int ofNull() {
        return none(RouteRefusal.KEY_NULL.because("a row without a key has no shard"));
    }

    /** A row leaves its key to the column's default. */
    public int ofDefault() {
        return none(RouteRefusal.KEY_UNREADABLE.because("the key is the default of its column"));
    }

    /** Returns why the last row has no shard. */
    public Target.Refused problem() {
        Target.Refused why = problem;
        if (why == null) {
            throw new IllegalStateException("every row had a shard");
        }
        return why;
    }

    /** The usual form of an integer: a sign, if any, and digits. */
    private int ofDigits(byte[] bytes, int start, int length) {
        int i = start;
        int end = start + length;
        boolean negative = bytes[i] == '-';
        if (negative && ++i == end) {
            return NONE;
        }
        long value = 0;
        for (; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return NONE;
            }
            value = 10 * value + digit;
        }
        value = negative ? -value : value;
        if (value < integerMin || value > integerMax) {
            return NONE;
        }
        OptionalInt shard = distribution.function().shardOf(KeyValue.ofLong(value));
        return shard.isPresent() ? shard.getAsInt() : NONE;
    }

    private int shardOf(KeyReading reading) {
        KeyReading converted = KeyBytes.converted(distribution.keyType(), reading);
        if (converted instanceof KeyReading.Unreadable unreadable) {
            return none(RouteRefusal.KEY_UNREADABLE.because(unreadable.sqlState(), unreadable.problem()));
        }
        if (!(converted instanceof KeyReading.Value read)) {
            return ofNull();
        }
        if ((column == KeyType.VARCHAR || distribution.keyType() == KeyType.VARCHAR) && endsInBlank(read.value())) {
            return none(
                    RouteRefusal.KEY_UNREADABLE.because("the key ends in a blank, which a varchar column may cut off"));
        }
        OptionalInt shard = distribution.function().shardOf(read.value());
        return shard.isPresent()
                ? shard.getAsInt()
                : none(RouteRefusal.KEY_WITHOUT_SHARD.because(
                        "topology revision " + table.revision() + " gives the key to no shard"));
    }

    private static boolean endsInBlank(KeyValue value) {
        return value instanceof TextKey text && text.utf8().length > 0 && text.utf8()[text.utf8().length - 1] == ' ';
    }

    private int none(Target.Refused why) {
        problem = why;
        return NONE;
    }

    private ByteBuf wrap(byte[] bytes) {
        if (viewed != bytes) {
            viewed = bytes;
            view = Unpooled.wrappedBuffer(bytes);
        }
        return view;
    }
}
