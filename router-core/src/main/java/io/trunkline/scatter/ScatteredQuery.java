// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.BackendConnector;
import io.trunkline.error.RouterErrors;
import io.trunkline.merge.MergeFailure;
import io.trunkline.merge.RowSink;
import io.trunkline.pool.Lease;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.RowDescription;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One query on several shards, from the moment all of its backends are leased until all of them have been given back.
 *
 * <pre>
 *   PREPARING ── planned ──▶ STARTING ── every shard has bound it ──▶ RUNNING ── all rows passed on ──▶ its end
 *   a query that was left: VERIFYING, if its portals may be gone ──▶ RUNNING
 *   groups:  RUNNING ── all combined, and sent to one shard ──▶ FINISHING ── all rows passed on ──▶ its end
 * </pre>
 *
 * <p>The first shard is asked what the client's own words return ({@link ScatterPreparation}): the answer, or the error, is exactly what one server would
 * give. From that the {@link ScatterPlanner} makes the words for the shards, which all run them at once ({@link ShardRun}). A write runs in a transaction on
 * each shard, which {@link StatementEnd} commits.
 *
 * <p>Owns the leases. Confined to one event loop.
 */
public final class ScatteredQuery implements RunningStatement, ShardStream.Listener, RowSink, StatementEnd.Work {

    private enum Phase {
        PREPARING,
        VERIFYING,
        STARTING,
        RUNNING,
        FINISHING
    }

    private final ScatterStatement statement;
    private final boolean isWrite;
    /** Whether each shard opens a transaction for it. */
    private final boolean begins;

    private final ScatterClient client;
    private final ByteBufAllocator allocator;
    private final int messageBytesMax;
    private final ShardStreams shards;
    private final ScatterPreparation preparation;
    private final StatementEnd end;
    private final ShardPortal portal;
    /** Most bytes of rows that may lie here when it is left. */
    private final long memoryBytesMax;
    /** Portals of other queries that nobody needs any more. */
    private final List<String> stalePortals;

    private Phase phase = Phase.PREPARING;
    private @Nullable ShardRun run;
    /** Where rows of the run go that are not the client's yet, or null. */
    private @Nullable CollectedGroups groups;

    private boolean draining;
    /** What the client calls a portal that it goes on with. */
    private String clientPortal = "";
    /** How many rows were passed on before it was left. */
    private long formerCount;
    /** What CommandComplete says of a write: the command, and the rows of all shards together. */
    private String command = "SELECT";

    private long writtenCount = CommandTag.NO_ROWS;

    private ScatteredQuery(
            ScatterStatement statement,
            Supplier<ScatterPlanner> planning,
            boolean isWrite,
            boolean within,
            @Nullable ShardCommit commit,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax,
            ShardPortal portal,
            List<String> stalePortals,
            long memoryBytesMax) {
        this.portal = portal;
        this.stalePortals = stalePortals;
        this.memoryBytesMax = memoryBytesMax;
        this.statement = statement;
        this.isWrite = isWrite;
        this.begins = commit != null;
        this.client = client;
        this.allocator = allocator;
        this.messageBytesMax = messageBytesMax;
        this.shards = new ShardStreams(leases, connector, messageBytesMax, within, this);
        this.preparation = new ScatterPreparation(statement, planning, shards.first());
        this.end = new StatementEnd(shards, client, commit, this);
    }

    /**
     * Takes over the leases, of one backend of each shard that may have rows.
     *
     * @param portal what it is run by when it may be left before its end, which needs a transaction of the client's; else null
     * @param stalePortals of other queries, to be closed
     * @param within whether they are in a transaction of the client's that goes on
     * @param messageBytesMax a longer row is an error
     * @param memoryBytesMax most bytes of groups kept at a time
     */
    public static ScatteredQuery read(
            ScatterRead read,
            boolean within,
            @Nullable ShardPortal portal,
            List<String> stalePortals,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax,
            long memoryBytesMax) {
        return new ScatteredQuery(
                read.statement(),
                () -> ScatterPlanner.of(read, memoryBytesMax),
                false,
                within,
                null,
                leases,
                client,
                connector,
                allocator,
                messageBytesMax,
                portal == null ? ShardPortal.UNNAMED : portal,
                stalePortals,
                memoryBytesMax);
    }

    /**
     * Goes on with a query that was left; takes over the leases, of the same shards.
     *
     * @param rest what was left, handed over
     * @param clientPortal the client's name of its portal
     * @param rowsMax the limit of the client's Execute, 0 for all rows that are left
     * @param doubted whether its portals may be gone: something was rolled back since
     * @param messageBytesMax a longer row is an error
     * @param memoryBytesMax most bytes of rows kept at a time
     */
    public static ScatteredQuery resume(
            SuspendedQuery rest,
            String clientPortal,
            int rowsMax,
            boolean doubted,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax,
            long memoryBytesMax) {
        ScatteredQuery query = new ScatteredQuery(
                rest.statement(),
                () -> {
                    throw new IllegalStateException("planned already");
                },
                false,
                true,
                null,
                leases,
                client,
                connector,
                allocator,
                messageBytesMax,
                new ShardPortal(rest.portal(), rowsMax),
                List.of(),
                memoryBytesMax);
        query.clientPortal = clientPortal;
        query.run = rest.run();
        query.phase = doubted ? Phase.VERIFYING : Phase.RUNNING;
        return query;
    }

    /**
     * Takes over the leases, of one backend of each shard of the write, in its order.
     *
     * @param commit how it is committed, or null when the backends are in a transaction of the client's that goes on
     * @param messageBytesMax a longer row of RETURNING is an error
     */
    public static ScatteredQuery write(
            ShardWrite write,
            @Nullable ShardCommit commit,
            List<Lease> leases,
            ScatterClient client,
            BackendConnector connector,
            ByteBufAllocator allocator,
            int messageBytesMax) {
        return new ScatteredQuery(
                write.statement(),
                () -> ScatterPlanner.of(write),
                true,
                commit == null,
                commit,
                leases,
                client,
                connector,
                allocator,
                messageBytesMax,
                ShardPortal.UNNAMED,
                List.of(),
                0);
    }

    @Override
    public void start() {
        ShardRun left = run;
        if (left != null) {
            left.attach(shards.all());
            left.allow(portal.rowsMax());
            formerCount = left.rowCount();
            if (phase == Phase.VERIFYING) {
                // Of all shards alike.
                left.shards().get(0).describePortal(portal.name());
            } else {
                drain();
            }
            return;
        }
        try {
            preparation.begin();
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        }
    }

    @Override
    public StatementEnd end() {
        return end;
    }

    // what it returns

    @Override
    public void writeParameterDescription(ByteBuf out) {
        preparation.writeParameterDescription(out);
    }

    @Override
    public void writeRowDescription(ByteBuf out, boolean ofStatement) {
        preparation.writeRowDescription(out, ofStatement);
    }

    @Override
    public boolean returnsRows() {
        return preparation.returnsRows();
    }

    // the steps

    private void onPrepared(ShardStream shard) {
        if (!preparation.isAnswered()) {
            end.fail(RouterErrors.shardsDiffer(shard.node(), "no columns").response());
            return;
        }
        try {
            ScatterPlan plan = preparation.onAnswered(() -> client.onParsed(this));
            if (plan != null) {
                run(plan);
            }
        } catch (ScatterRefused refused) {
            end.refuse(refused);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.protocolViolation(violation).response());
        }
    }

    private void run(ScatterPlan plan) {
        ShardRun started = new ShardRun(plan, shards.all());
        run = started;
        phase = Phase.STARTING;
        GroupFinish finish = plan.finish();
        groups = finish == null ? null : new CollectedGroups(finish, allocator);
        if (portal.isKept() && finish == null) {
            started.allow(portal.rowsMax());
        }
        if (!stalePortals.isEmpty()) {
            shards.all().forEach(shard -> shard.closePortals(stalePortals));
        }
        // Groups that the router combines are all needed before the client gets a row.
        started.start(statement, null, begins, finish == null ? portal : ShardPortal.UNNAMED, allocator);
    }

    /**
     * A shard is about to return rows, or none at all.
     *
     * @param description of its rows, or null
     */
    private void onBound(ShardStream shard, @Nullable RowDescription description) {
        ShardRun started = known(run);
        String difference = started.onBound(shard, description);
        if (difference != null) {
            end.fail(RouterErrors.shardsDiffer(shard.node(), difference).response());
        } else if (phase == Phase.STARTING && started.isBound()) {
            phase = Phase.RUNNING;
            client.onStarted(this);
        }
    }

    @Override
    public void onClientWritable() {
        drain();
        // These rows may be as many as the client takes: then no shard is read, and nothing else would flush them.
        client.flush();
    }

    private void drain() {
        ShardRun running = run;
        if (running == null || !isRunning() || draining) {
            return;
        }
        if (isWrite && !running.isExecuted()) {
            // One server returns nothing of a write that fails.
            return;
        }
        draining = true;
        try {
            running.drain(groups == null ? this : groups);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shards.nodes(), violation)
                    .response());
        } catch (MergeFailure failure) {
            end.fail(failure.error().response());
        } finally {
            draining = false;
        }
        if (isRunning() && isKept() && !running.isPaused() && !running.isDone()) {
            running.askForMore(portal);
        }
        updateReading(running);
        completeIfDone(running);
    }

    private void updateReading(ShardRun running) {
        boolean taken = groups != null || client.takesRows();
        // Nothing may be on its way to here when it is left.
        boolean all = !isRunning() || running.isDone() || running.isPaused();
        for (ShardStream shard : running.shards()) {
            shard.setReading(all || taken && running.wants(shard));
        }
    }

    private void completeIfDone(ShardRun running) {
        if (!isRunning() || !(running.isDone() || running.isPaused()) || shards.isBusy()) {
            return;
        }
        if (running.isPaused()) {
            suspend(running);
            return;
        }
        GroupFinish finish = running.finish();
        if (finish != null) {
            running.close();
            finish(finish);
            return;
        }
        long count = running.rowCount() - formerCount;
        // A server stops at the limit without knowing whether there is more.
        boolean suspended = !isWrite && statement.rowsMax() > 0 && count == statement.rowsMax();
        end.complete(isWrite ? tag() : "SELECT " + count, suspended);
    }

    /** The client has got as many rows as it asked for; whether there are more nobody knows, as on a server. */
    private void suspend(ShardRun running) {
        long count = running.rowCount() - formerCount;
        run = null;
        client.onSuspended(new SuspendedQuery(statement.withoutBind(), running, portal.name()));
        end.complete("SELECT " + count, true);
    }

    private boolean isRunning() {
        return end.isWorking() && (phase == Phase.RUNNING || phase == Phase.FINISHING);
    }

    /** All groups are here: the first shard makes the client's rows of them. */
    private void finish(GroupFinish finish) {
        ShardRun finishing = new ShardRun(finish.plan(), List.of(shards.first()));
        run = finishing;
        phase = Phase.FINISHING;
        CollectedGroups collected = groups;
        groups = null;
        if (portal.isKept()) {
            finishing.allow(portal.rowsMax());
        }
        try {
            finishing.start(statement, collected, false, portal, allocator);
        } finally {
            if (collected != null) {
                collected.release();
            }
        }
    }

    private String tag() {
        return writtenCount < 0 ? command : command + " " + writtenCount;
    }

    @Override
    public void close() {
        if (run != null) {
            run.close();
            run = null;
        }
        if (groups != null) {
            groups.release();
            groups = null;
        }
    }

    // what the shards say

    @Override
    public void onRows(ShardStream shard, ByteBuf buffer, int index, int length) {
        ShardRun running = run;
        if (running != null) {
            running.offer(shard, buffer.retainedSlice(index, length));
            if (running.isPaused() && running.queuedBytes() > memoryBytesMax) {
                end.fail(RouterErrors.suspendedRowsMemory(memoryBytesMax).response());
            }
        }
    }

    @Override
    public void onMessage(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        if (!end.isWorking()) {
            return;
        }
        try {
            read(shard, tag, buffer, index, length);
        } catch (ProtocolViolation violation) {
            end.fail(RouterErrors.backendProtocolViolation(shard.node(), violation)
                    .response());
        }
    }

    private void read(ShardStream shard, byte tag, ByteBuf buffer, int index, int length) {
        switch (tag) {
            case BackendTag.ERROR_RESPONSE -> {
                shard.failed();
                if (phase == Phase.STARTING && shard.isBound()) {
                    // A server, too, describes the rows before the first of them fails.
                    client.onStarted(this);
                }
                end.fail(
                        phase == Phase.VERIFYING
                                ? RouterErrors.unknownPortal(clientPortal).response()
                                : aboutClientsWords(ErrorResponse.parse(buffer, index, length)));
            }
            case BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA, BackendTag.PARAMETER_DESCRIPTION -> {
                if (phase == Phase.PREPARING) {
                    preparation.onMessage(tag, buffer, index, length);
                } else if (phase != Phase.VERIFYING) {
                    onBound(shard, tag == BackendTag.NO_DATA ? null : new RowDescription().wrap(buffer, index, length));
                }
            }
            case BackendTag.COMMAND_COMPLETE -> {
                if (isWrite) {
                    count(CommandTag.read(buffer, index, length));
                }
                known(run).end(shard);
            }
            case BackendTag.PORTAL_SUSPENDED -> {
                if (!isKept()) {
                    known(run).end(shard);
                }
            }
            case BackendTag.NOTICE_RESPONSE -> {
                // The others say the same.
                if (shard.index() == 0) {
                    client.onNotice(buffer.slice(index, length));
                }
            }
            default -> {
                // ParseComplete and the like: nothing hangs on them
            }
        }
    }

    private void count(CommandTag tag) {
        command = tag.command();
        if (tag.rows() != CommandTag.NO_ROWS) {
            writtenCount = Math.max(0, writtenCount) + tag.rows();
        }
    }

    /** A position within the words for the shards means nothing to the client. */
    private ErrorResponse aboutClientsWords(ErrorResponse error) {
        return preparation.isAboutClientsWords() ? error : error.without(ErrorResponse.POSITION);
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
        } else if (phase == Phase.PREPARING) {
            onPrepared(shard);
        } else {
            if (phase == Phase.VERIFYING) {
                phase = Phase.RUNNING;
            }
            drain();
        }
    }

    /** Returns true when a shard that has sent as many rows as it was asked for may be asked for more. */
    private boolean isKept() {
        return portal.isKept() && groups == null;
    }

    @Override
    public void onLost(ShardStream shard, ErrorResponse cause) {
        if (!end.isWorking()) {
            end.endIfQuiet();
        } else if (phase == Phase.PREPARING || phase == Phase.STARTING) {
            end.lostUnanswered(shard, cause);
        } else {
            end.fail(RouterErrors.transactionLost(shard.node()).response());
        }
    }

    @Override
    public void onReadComplete() {
        drain();
        client.flush();
    }

    // where the merged rows go

    @Override
    public void rows(ByteBuf messages) {
        client.onRows(messages);
    }

    @Override
    public boolean isOpen() {
        return isRunning() && client.takesRows();
    }

    private static <T> T known(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("answer before its question");
        }
        return value;
    }
}
