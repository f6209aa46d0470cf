// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.copy.RowSplitter;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.RowShards;
import io.trunkline.routing.Target;
import io.trunkline.sql.CopyShape;
import io.trunkline.sql.CopyStatement;
import io.trunkline.sql.Refusal;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.TableUse;
import io.trunkline.wire.SqlState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data of one {@link SpreadCopy} on their way from the client to the shards: rows of a sharded table divided, those of a reference table to all.
 *
 * <p>Owns what each shard is about to be sent. Confined to one event loop.
 */
final class CopiedData implements RowSplitter.Lanes {
    private static final int HEADER_BYTES = 5;

    private final CopyInPlan plan;
    private final List<CopyLane> lanes = new ArrayList<>();
    private final List<ShardStream> shards;
    private final int rowBytesMax;
    private @Nullable CopyStatement statement;
    private @Nullable RowSplitter splitter;
    private Target.@Nullable Refused problem;
    /** Columns that the data have, 0 while that is not known. */
    private int columnCount;
    /** Bytes of the CopyData message that was cut which are still to come. */
    private int rest;

    CopiedData(CopyInPlan plan, List<ShardStream> shards, int rowBytesMax) {
        this.plan = plan;
        this.shards = shards;
        this.rowBytesMax = rowBytesMax;
        for (ShardStream shard : shards) {
            lanes.add(new CopyLane(shard));
        }
    }

    // what must be known before

    /**
     * Returns what every shard is asked about its table.
     *
     * @throws ScatterRefused when the statement cannot be run on several shards
     */
    byte[] question() {
        if (!plan.readable()) {
            throw new ScatterRefused(
                    RouteRefusal.SCATTER_ENCODING.because("bytes of its characters may look like ASCII"));
        }
        ScatterStatement sent = plan.statement();
        CopyStatement.Reading reading = CopyStatement.read(
                Unpooled.wrappedBuffer(sent.sql()), sent.start(), sent.end(), sent.standardConformingStrings());
        CopyStatement read = reading.statement();
        if (read == null) {
            throw refused(reading.refusal());
        }
        statement = read;
        TableUse.Sharded sharded = sharded();
        if (sharded == null) {
            return CopiedTable.referenceQuestion(read);
        }
        if (!read.columns().isEmpty() && !read.columns().contains(sharded.keyColumn())) {
            throw refused(RefusalCode.INSERT_WITHOUT_KEY.because("the copy leaves the key to its default"));
        }
        return CopiedTable.question(read, sharded.keyColumn());
    }

    private static ScatterRefused refused(@Nullable Refusal found) {
        Refusal refusal = found == null ? RefusalCode.COPY_OPTION.because("it cannot be read") : found;
        return new ScatterRefused(new Target.Refused(
                refusal.code().code(),
                RouterErrors.refused(
                        SqlState.FEATURE_NOT_SUPPORTED, refusal.message(), refusal.detail(), refusal.hint())));
    }

    private TableUse.@Nullable Sharded sharded() {
        return plan.shape() instanceof CopyShape.IntoSharded into ? into.table() : null;
    }

    /**
     * The shards have answered.
     *
     * @throws ScatterRefused when their tables differ in what matters
     */
    void onAnswers(List<CopiedTable.Answer> answers) {
        CopyStatement read = statement;
        if (read == null) {
            throw new IllegalStateException("answer before its question");
        }
        TableUse.Sharded sharded = sharded();
        if (sharded == null) {
            for (CopiedTable.Answer answer : answers) {
                String difference =
                        answer.difference(read.columns(), read.options().defaultText() != null);
                if (difference != null) {
                    throw new ScatterRefused(RouteRefusal.COPIES_UNPROVEN.because(difference));
                }
                if (!answer.common().equals(answers.get(0).common())) {
                    throw new ScatterRefused(RouteRefusal.COPY_KEY.because(
                            "the shards' tables have other columns, or their servers read times otherwise"));
                }
            }
            return;
        }
        List<CopiedTable> tables =
                answers.stream().map(CopiedTable.Answer::table).toList();
        CopiedTable first = tables.get(0);
        for (CopiedTable table : tables) {
            boolean same = read.columns().isEmpty() ? table.equals(first) : table.keyType() == first.keyType();
            if (!same) {
                throw new ScatterRefused(RouteRefusal.COPY_KEY.because(
                        "the shards' tables have other columns, or another order of them"));
            }
        }
        List<String> columns = read.columns().isEmpty() ? first.columns() : read.columns();
        RowShards rowShards = RowShards.of(
                plan.table(),
                sharded,
                first.keyType(),
                plan.utf8() || read.options().utf8());
        if (rowShards == null || !columns.contains(sharded.keyColumn())) {
            // A server that knows no such table or column says so itself; one that takes the copy is told it cannot be.
            problem = RouteRefusal.COPY_KEY.because("column " + sharded.keyColumn()
                    + " is not there, or of another type than the topology says, or rounds");
            return;
        }
        columnCount = columns.size();
        splitter = new RowSplitter(read, columns, sharded.keyColumn(), rowShards, shards.size(), rowBytesMax, this);
    }

    /** Returns true when all rows go to every shard: then the first shard is asked, and locked, before the others. */
    boolean isForAll() {
        return sharded() == null;
    }

    /** Returns why no data can be taken although the shards would take them, or null. */
    Target.@Nullable Refused problem() {
        return problem;
    }

    /** Returns how a shard's request for data differs from what was expected, or null. */
    @Nullable
    String differenceOf(ByteBuf copyInResponse, int index) {
        int count = copyInResponse.getUnsignedShort(index + HEADER_BYTES + 1);
        if (columnCount == 0) {
            columnCount = count;
        }
        return count == columnCount || problem != null ? null : "another number of columns";
    }

    /** Returns what divides the rows, or null when all go to every shard. */
    @Nullable
    RowSplitter splitter() {
        return splitter;
    }

    // the data

    /** Takes CopyData messages; the buffer is borrowed. */
    void take(ByteBuf buffer, int index, int length) {
        int at = index;
        int end = index + length;
        while (at < end) {
            if (rest == 0) {
                rest = buffer.getInt(at + 1) - Integer.BYTES;
                at += HEADER_BYTES;
            }
            int step = Math.min(rest, end - at);
            rest -= step;
            if (splitter != null) {
                splitter.take(buffer, at, step);
            } else {
                for (CopyLane lane : lanes) {
                    lane.add(buffer, at, step);
                }
            }
            at += step;
        }
    }

    @Override
    public void to(int shard, byte[] bytes, int start, int length) {
        lanes.get(shard).add(bytes, start, length);
    }

    @Override
    public void toAll(byte[] bytes, int start, int length) {
        for (CopyLane lane : lanes) {
            lane.add(bytes, start, length);
        }
    }

    /** Returns the line of the data that is being looked at. */
    long line() {
        return splitter == null ? 0 : splitter.line();
    }

    /** Hands over the last row, which may lack its end. */
    void end() {
        if (splitter != null) {
            splitter.end();
        }
    }

    boolean isWritable() {
        for (ShardStream shard : shards) {
            if (!shard.isWritable()) {
                return false;
            }
        }
        return true;
    }

    /** Ends the data on every shard. */
    void done() {
        lanes.forEach(CopyLane::done);
    }

    /** Fails the copy on every shard that reads data. */
    void fail() {
        lanes.forEach(lane -> lane.fail(CopyErrors.FAILED_ELSEWHERE));
    }

    /** Fails the copy on one shard, if it reads data. */
    void fail(int shard) {
        lanes.get(shard).fail(CopyErrors.FAILED_ELSEWHERE);
    }

    void close() {
        lanes.forEach(CopyLane::close);
        if (splitter != null) {
            splitter.close();
        }
    }
}
