// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.error.RouterErrors;
import io.trunkline.scatter.Repetition.Failed;
import io.trunkline.scatter.Repetition.ShardsDiffer;
import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.EveryShardCommand;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.DataRow;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.ProtocolViolation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One statement that does the same on every shard: on the first one, and when that is done on all others.
 *
 * <pre>
 *   DESCRIBING ──▶ ASKING ──▶ RUNNING ── done on the first ──▶ REPEATING ── done on all ──▶ its end
 * </pre>
 *
 * <p>What the client is told comes from the first shard: what the statement returns, its rows, its tag, its notices. The others must agree, or nothing of it stays
 * anywhere. In all of it the first shard comes first, so whoever does the same at the same time waits there, and never holds what the other waits for.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class RepeatedStatement implements RunningStatement, ShardStream.Listener, StatementEnd.Work {

    private enum Phase {
        DESCRIBING,
        ASKING,
        RUNNING,
        REPEATING
    }

    private final ScatterStatement statement;
    private final Function<Described, Repetition> planning;
    /** Whether each shard opens a transaction for it. */
    private final boolean begins;

    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final StatementEnd end;
    private final DataRow asked = new DataRow();
    private final Map<ShardStream, List<List<@Nullable String>>> answers = new HashMap<>();
    /** Shards that are at work in the present phase. */
    private int openCount;

    private Phase phase = Phase.DESCRIBING;
    private int[] parameterTypes;
    private @Nullable Described described;
    private @Nullable Repetition repetition;
    private @Nullable CommandTag tag;
    /** Of each other shard, its tags so far added up. */
    private final Map<ShardStream, CommandTag> tags = new HashMap<>();

    private RepeatedStatement(
            ScatterStatement statement,
            Function<Described, Repetition> planning,
            @Nullable ShardCommit commit,
            LeasedShards leased) {
        this.statement = statement;
        this.planning = planning;
        this.begins = commit != null;
        this.client = leased.client();
        this.allocator = leased.allocator();
        this.messageBytesMax = leased.messageBytesMax();
        this.parameterTypes = statement.parameterTypes();
        this.shards = leased.attach(this);
        this.end = new StatementEnd(shards, client, commit, this);
    }

    /**
     * Takes over the leases, of one backend of every shard in the order of the shards, to write a reference table.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     */
    public static RepeatedStatement copies(
            ScatterStatement statement, CopyWrite write, @Nullable ShardCommit commit, LeasedShards leased) {
        Function<Described, Repetition> planning = described -> write instanceof CopyWrite.SameWords words
                ? new CopiedWords(statement, words, described)
                : new CopiedRows(statement, (CopyWrite.SameRows) write, leased.allocator(), leased.memoryBytesMax());
        return new RepeatedStatement(statement, planning, commit, leased);
    }

    /**
     * Takes over the leases, of one backend of every shard in the order of the shards, for a command.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     */
    public static RepeatedStatement command(
            ScatterStatement statement, EveryShardCommand command, @Nullable ShardCommit commit, LeasedShards leased) {
        return new RepeatedStatement(
                statement, described -> new Command(statement, command, described), commit, leased);
    }

    @Override
    public void start() {
        openCount = 1;
        shards.first().describe(statement.sql(), parameterTypes);
    }

    @Override
    public StatementEnd end() {
        return end;
    }

    // what it returns

    @Override
    public void writeParameterDescription(ByteBuf out) {
        BackendWriter.parameterDescription(out, parameterTypes);
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        IntUnaryOperator formats = ofStatement ? column -> 0 : statement::format;
        known(described).write(out, formats);
    }

    @Override
    public boolean returnsRows() {
        return !known(described).isNoData();
    }

    // the steps

    private void onDescribed() {
        Described columns = known(described);
        client.onParsed(this);
        repetition = planning.apply(columns);
        phase = Phase.ASKING;
        ask(shards.first());
    }

    private void ask(ShardStream shard) {
        openCount++;
        if (begins) {
            shard.begin();
        }
        shard.ask(known(repetition).question(shard == shards.first()));
    }

    private void onAnswered(ShardStream shard) {
        known(repetition).answered(shard.index(), answers.getOrDefault(shard, List.of()));
        answers.remove(shard);
        if (shard == shards.first()) {
            others().forEach(this::ask);
        }
        if (openCount == 0) {
            run();
        }
    }

    private List<ShardStream> others() {
        return shards.all().subList(1, shards.size());
    }

    private void run() {
        phase = Phase.RUNNING;
        openCount = 1;
        Repetition said = known(repetition);
        ByteBuf bind = allocator.buffer(256);
        try {
            writeBind(bind, statement, known(described), said::writeHiddenFormats);
            shards.first().run(said.first(), parameterTypes, bind, 0);
        } finally {
            bind.release();
        }
    }

    /** Appends formats of columns, and returns how many. */
    interface HiddenFormats {
        int write(ByteBuf out);
    }

    /** Appends the Bind of the client's parameters, for the columns it sees and others before them. */
    static void writeBind(ByteBuf out, ScatterStatement statement, Described described, HiddenFormats hidden) {
        int start = out.writerIndex();
        // Unnamed portal, unnamed statement.
        out.writeByte(FrontendTag.BIND).writeInt(0).writeShort(0);
        statement.writeParameters(out);
        int count = out.writerIndex();
        out.writeShort(0);
        int hiddenCount = hidden.write(out);
        for (int i = 0; i < described.columns().size(); i++) {
            out.writeShort(statement.format(i));
        }
        out.setShort(count, hiddenCount + described.columns().size());
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    private void onRun() {
        phase = Phase.REPEATING;
        for (ShardStream shard : others()) {
            if (known(repetition).repeat(shard)) {
                openCount++;
            } else {
                checkTag(shard);
            }
        }
        completeIfDone();
    }

    private void onRepeated(ShardStream shard) {
        if (known(repetition).repeat(shard)) {
            openCount++;
        } else {
            checkTag(shard);
        }
        completeIfDone();
    }

    private void checkTag(ShardStream shard) {
        CommandTag first = known(tag);
        CommandTag own = tags.getOrDefault(shard, new CommandTag(first.command(), 0));
        if (!own.equals(first)) {
            throw differ(
                    shard,
                    new ShardsDiffer("it answers " + own.text() + ", and node \""
                            + shards.first().node() + "\" answers " + first.text()));
        }
    }

    private void completeIfDone() {
        if (openCount == 0 && end.isWorking()) {
            end.complete(known(tag).text(), false);
        }
    }

    @Override
    public void close() {
        if (repetition != null) {
            repetition.close();
        }
    }

    private static Failed differ(ShardStream shard, ShardsDiffer difference) {
        return new Failed(RouterErrors.copiesDiffer(shard.node(), difference.how()));
    }

    // what the shards say

    /** Something follows from what a shard has said. */
    private interface Reading {
        void read();
    }

    /** Has the statement end where what is read does not let it go on. */
    private void trying(ShardStream shard, Reading reading) {
        try {
            reading.read();
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        } catch (ShardsDiffer difference) {
            end.fail(differ(shard, difference).error().response());
        } catch (Failed failed) {
            end.fail(failed.error().response());
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
        }
    }

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        trying(shard, () -> {
            int limit = index + length;
            int position = index;
            while (position < limit && end.isWorking()) {
                int bytes = 1 + buffer.getInt(position + 1);
                onRow(shard, buffer, position, bytes);
                position += bytes;
            }
        });
        if (phase == Phase.RUNNING && end.isWorking()) {
            shard.setReading(client.takesRows());
        }
    }

    private void onRow(ShardStream shard, ByteBuf buffer, int index, int length) {
        switch (phase) {
            case ASKING -> {
                asked.wrap(buffer, index, length);
                List<@Nullable String> values = new ArrayList<>(asked.columnCount());
                for (int i = 0; i < asked.columnCount(); i++) {
                    values.add(asked.text(i));
                }
                answers.computeIfAbsent(shard, key -> new ArrayList<>()).add(values);
            }
            case RUNNING -> {
                ByteBuf seen = known(repetition).row(buffer, index, length);
                if (seen != null) {
                    client.onRows(seen);
                }
            }
            case REPEATING -> known(repetition).repeatedRow(shard.index(), buffer, index, length);
            case DESCRIBING -> {
                // not asked for
            }
        }
    }

    @Override
    public void onClientWritable() {
        if (phase == Phase.RUNNING) {
            shards.first().setReading(true);
        }
        client.flush();
    }

    @Override
    public void onMessage(ShardStream shard, byte message, ByteBuf buffer, int index, int length) {
        if (end.isWorking()) {
            trying(shard, () -> read(shard, message, buffer, index, length));
        }
    }

    private void read(ShardStream shard, byte message, ByteBuf buffer, int index, int length) {
        switch (message) {
            case BackendTag.ERROR_RESPONSE -> {
                shard.failed();
                end.fail(told(shard, ErrorResponse.parse(buffer, index, length)));
            }
            case BackendTag.PARAMETER_DESCRIPTION ->
                parameterTypes =
                        new ParameterDescription().wrap(buffer, index, length).types();
            case BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA -> onColumns(shard, message, buffer, index, length);
            case BackendTag.COMMAND_COMPLETE -> {
                if (phase == Phase.RUNNING) {
                    tag = CommandTag.read(buffer, index, length);
                } else if (phase == Phase.REPEATING) {
                    tags.merge(shard, CommandTag.read(buffer, index, length), CommandTag::plus);
                }
            }
            case BackendTag.NOTICE_RESPONSE -> {
                // The others say the same.
                if (phase == Phase.RUNNING) {
                    client.onNotice(buffer.slice(index, length));
                }
            }
            default -> {
                // ParseComplete and the like: nothing hangs on them
            }
        }
    }

    private ErrorResponse told(ShardStream shard, ErrorResponse error) {
        boolean words = phase == Phase.DESCRIBING || repetition != null && repetition.isClientsText();
        // A position within other words means nothing to the client.
        ErrorResponse told = words ? error : error.without(ErrorResponse.POSITION);
        if (shard == shards.first()) {
            return told;
        }
        // The first shard has done it: this one is not as that one is.
        String context = told.field(ErrorResponse.WHERE);
        return told.with(
                ErrorResponse.WHERE,
                (context == null ? "" : context + "\n") + "on node \"" + shard.node() + "\", behind node \""
                        + shards.first().node() + "\"");
    }

    private void onColumns(ShardStream shard, byte message, ByteBuf buffer, int index, int length) {
        switch (phase) {
            case DESCRIBING ->
                described = message == BackendTag.NO_DATA
                        ? Described.noData(parameterTypes)
                        : Described.of(parameterTypes, buffer, index, length);
            case ASKING ->
                // Of several queries in the text, the last one counts.
                answers.remove(shard);
            case RUNNING -> client.onStarted(this);
            case REPEATING -> {
                // as on the first shard
            }
        }
    }

    @Override
    public void onOversized(ShardStream shard, long messageBytes) {
        end.oversized(
                shard,
                RouterErrors.mergedRowTooLong(messageBytes, messageBytesMax).response());
    }

    @Override
    public void onQuiet(ShardStream shard) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        openCount--;
        trying(shard, () -> {
            switch (phase) {
                case DESCRIBING -> onDescribed();
                case ASKING -> onAnswered(shard);
                case RUNNING -> onRun();
                case REPEATING -> onRepeated(shard);
            }
        });
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
            return;
        }
        switch (phase) {
            // Locks at most were taken.
            case DESCRIBING, ASKING -> end.lostUnanswered(shard, cause);
            case RUNNING, REPEATING ->
                end.fail(RouterErrors.transactionLost(shard.node()).response());
        }
    }

    @Override
    public void onReadComplete() {
        client.flush();
    }

    private static <T> T known(@Nullable T value) {
        return Objects.requireNonNull(value, "answer before its question");
    }
}
