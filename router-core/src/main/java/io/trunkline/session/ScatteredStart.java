// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.Target;
import io.trunkline.routing.TextOrder;
import io.trunkline.scatter.CopyInPlan;
import io.trunkline.scatter.DeclaredCursor;
import io.trunkline.scatter.ExplainedQuery;
import io.trunkline.scatter.GatheredCopy;
import io.trunkline.scatter.LeasedShards;
import io.trunkline.scatter.RepeatedStatement;
import io.trunkline.scatter.ResumedQuery;
import io.trunkline.scatter.RunningStatement;
import io.trunkline.scatter.ScatterClient;
import io.trunkline.scatter.ScatterRead;
import io.trunkline.scatter.ScatterStatement;
import io.trunkline.scatter.ScatteredQuery;
import io.trunkline.scatter.SeparateCommand;
import io.trunkline.scatter.ShardCommit;
import io.trunkline.scatter.ShardPortal;
import io.trunkline.scatter.ShardTexts;
import io.trunkline.scatter.ShardWrite;
import io.trunkline.scatter.SpreadCopy;
import io.trunkline.scatter.SuspendedQuery;
import io.trunkline.sql.DeclaredText;
import io.trunkline.sql.EveryShardCommand;
import io.trunkline.sql.ExplainedText;
import io.trunkline.sql.SqlScan;
import io.trunkline.wire.Bind;
import io.trunkline.wire.Execute;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Query;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a batch, and of what was decided for it, the statement that runs on several shards.
 *
 * <p>Reads the batch while its {@link ScatteredWork} has it; used once.
 */
final class ScatteredStart {
    private static final int[] NO_TYPES = {};
    /** What sets {@code extra_float_digits} to a number above 0, and nothing that could be another one. */
    private static final Pattern ABOVE_ZERO = Pattern.compile(
            "(?:SET|SELECT pg_catalog\\.set_config\\(')\\s*extra_float_digits(?:', |\\s*(?:=|TO)\\s*)'?[1-3]'?(?:, false\\))?",
            Pattern.CASE_INSENSITIVE);

    private final Session session;
    private final Worker worker;
    private final RequestBatch batch;
    private final Target.Scatter target;
    private final boolean within;
    private final Bind bind = new Bind();
    /** By what the shards run it, if it may be left before its end. */
    private @Nullable ShardPortal kept;
    /** The cursor that is declared. */
    private @Nullable String cursor;

    /**
     * Prepares to make it.
     *
     * @param within whether its backends are in a transaction of the client's
     */
    ScatteredStart(Session session, RequestBatch batch, Target.Scatter target, boolean within) {
        this.session = session;
        this.worker = session.worker;
        this.batch = batch;
        this.target = target;
        this.within = within;
    }

    /**
     * Returns the statement, ready to be started.
     *
     * @param granted its backends, in the order of the shards; handed over
     * @param client who hears of it
     * @param source of the data of a COPY FROM
     * @param table what the decision was made by
     */
    RunningStatement with(List<Lease> granted, ScatterClient client, SpreadCopy.Source source, RoutingTable table) {
        if (target.work() instanceof Target.Work.Resume resume) {
            // What was left is taken out first: its rows count as the statement's own.
            SuspendedQuery rest =
                    Objects.requireNonNull(session.portals.onShards().take(resume.portal()));
            kept = new ShardPortal(rest.portal(), resume.rowsMax());
            return new ResumedQuery(rest, resume, leased(granted, client));
        }
        LeasedShards leased = leased(granted, client);
        ScatterStatement statement = statement();
        if (target.work() instanceof Target.Work.Read read) {
            return read(statement, read, leased);
        }
        if (target.work() instanceof Target.Work.Explain explain) {
            return explained(statement, explain.read(), leased, table);
        }
        if (target.work() instanceof Target.Work.Declare declare) {
            return declared(statement, declare.read(), leased);
        }
        if (target.work() instanceof Target.Work.CopyOut) {
            return new GatheredCopy(statement, session.texts.isReadable(), leased);
        }
        if (target.work() instanceof Target.Work.CopyIn copyIn) {
            CopyInPlan plan = new CopyInPlan(
                    statement,
                    copyIn.copy(),
                    table,
                    session.texts.isReadable(),
                    session.texts.isUtf8(),
                    statement.bind() != null);
            return new SpreadCopy(plan, commit(), leased, source);
        }
        if (target.work() instanceof Target.Work.Copies copies) {
            return RepeatedStatement.copies(statement, copies.write(), commit(), leased);
        }
        if (target.work() instanceof Target.Work.Command command) {
            definitionsChange(command);
            return target.isWrite()
                    ? RepeatedStatement.command(statement, command.command(), commit(), leased)
                    : new SeparateCommand(statement, leased);
        }
        ShardWrite write = ShardTexts.write(statement, target.shards(), (Target.Work.Write) target.work());
        return ScatteredQuery.write(write, commit(), leased);
    }

    private LeasedShards leased(List<Lease> granted, ScatterClient client) {
        SessionLimits.Merging limits = worker.limits().merging();
        // What the session's portals keep counts, too.
        long memoryMax =
                Math.max(1, limits.memoryBytesMax() - session.portals.onShards().keptBytes());
        return new LeasedShards(
                granted,
                client,
                worker.connector(),
                session.client.allocator(),
                within,
                limits.rowBytesMax(),
                memoryMax);
    }

    private RunningStatement read(ScatterStatement statement, Target.Work.Read read, LeasedShards leased) {
        // Outside a transaction the portal ends with the group.
        boolean keeps = within && statement.rowsMax() > 0;
        kept = keeps ? new ShardPortal(worker.nextPortal(), statement.rowsMax()) : null;
        return ScatteredQuery.read(read(keeps ? statement.withoutLimit() : statement, read), kept, leased);
    }

    private RunningStatement declared(ScatterStatement statement, Target.Work.Read read, LeasedShards leased) {
        DeclaredText text = Objects.requireNonNull(DeclaredText.of(
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings()));
        cursor = text.name();
        byte[] query = Arrays.copyOfRange(statement.sql(), text.queryStart(), statement.end());
        ScatterStatement inner = statement(query, statement.parameterTypes(), statement.bind(), 0)
                .ofCursor();
        RouterError problem = within ? problem(text.name()) : RouterErrors.noTransactionBlock("DECLARE CURSOR");
        return new DeclaredCursor(statement, read(inner, read), worker.nextPortal(), problem, leased);
    }

    /** Returns why a cursor cannot be declared that could be otherwise, or null. */
    private @Nullable RouterError problem(String name) {
        long memoryMax = worker.limits().merging().memoryBytesMax();
        RouterError duplicate = CursorRequests.duplicate(session, name);
        return duplicate == null && session.portals.onShards().keptBytes() > memoryMax
                ? RouterErrors.suspendedRowsMemory(memoryMax)
                : duplicate;
    }

    /** Returns the name of the cursor that is declared, or null. */
    @Nullable
    String cursor() {
        return cursor;
    }

    /** Returns the name of the portals by which the shards run it, if it may be left before its end; else null. */
    @Nullable
    String shardPortal() {
        return kept == null ? null : kept.name();
    }

    private ScatterRead read(ScatterStatement statement, Target.Work.Read read) {
        TextOrder texts = session.texts.isUtf8() ? read.texts() : TextOrder.UNKNOWN;
        return new ScatterRead(statement, read.shape(), texts, shortestFloats());
    }

    private RunningStatement explained(
            ScatterStatement statement, Target.Work.Read read, LeasedShards leased, RoutingTable table) {
        ExplainedText text = Objects.requireNonNull(ExplainedText.of(
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings()));
        byte[] query = Arrays.copyOfRange(statement.sql(), text.queryStart(), statement.end());
        ScatterStatement explained = statement(query, statement.parameterTypes(), statement.bind(), 0);
        return new ExplainedQuery(
                statement,
                text.head(),
                read(explained, read),
                target.shards().indexes().mapToObj(table::shardName).toList(),
                leased);
    }

    /** Returns how a transaction of the statement's own is committed, or null when it is part of the client's. */
    private @Nullable ShardCommit commit() {
        return within
                ? null
                : new ShardCommit(
                        worker.nextTransactionId(session.identity.cluster()),
                        target.shards().indexes().boxed().toList(),
                        Objects.requireNonNull(worker.decisions()),
                        worker.metrics(),
                        worker::execute);
    }

    private void definitionsChange(Target.Work.Command command) {
        if (command.command().form() != EveryShardCommand.Form.IN_BLOCK) {
            session.sent.definitionsChange();
        }
    }

    private ScatterStatement statement() {
        Request first = ScatterBatch.statementRequest(batch.requests());
        PreparedStatement prepared = first.statement;
        if (first.tag == FrontendTag.QUERY || prepared == null) {
            Query text = new Query().wrap(first.buffer, first.index, first.available);
            byte[] sql = ByteBufUtil.getBytes(first.buffer, text.sqlStart(), text.sqlEnd() - text.sqlStart(), true);
            return statement(sql, NO_TYPES, null, 0);
        }
        bind.wrap(first.buffer, first.index, first.available);
        return statement(prepared.sql(), prepared.parameterTypes(), bind, rowsMax());
    }

    private ScatterStatement statement(byte[] sql, int[] types, @Nullable Bind values, int rowsMax) {
        boolean conforming = session.texts.standardConformingStrings();
        SqlScan scan = new SqlScan();
        scan.scan(Unpooled.wrappedBuffer(sql), 0, sql.length, conforming);
        return new ScatterStatement(
                sql, scan.statementStart(0), scan.statementEnd(0), conforming, types, values, rowsMax);
    }

    private boolean shortestFloats() {
        String command = session.settings.current().get(SessionSettings.FLOAT_DIGITS);
        // The server's default is 1, the most is 3.
        return !session.settings.areFloatDigitsLocal()
                && (command == null || ABOVE_ZERO.matcher(command.strip()).matches());
    }

    private int rowsMax() {
        for (Request request : batch.requests()) {
            if (request.tag == FrontendTag.EXECUTE) {
                return Math.max(
                        0,
                        new Execute()
                                .wrap(request.buffer, request.index, request.available)
                                .rowsMax());
            }
        }
        return 0;
    }
}
