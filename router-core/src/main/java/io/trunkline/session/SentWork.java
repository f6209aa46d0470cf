// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.SettingChange;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.TransactionStatus;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one session has sent and not heard the end of: whether it may have been committed should the backend be lost, and whether it wrote.
 *
 * <p>Belongs to its {@link Session}.
 */
final class SentWork {
    /** Reads in flight that are remembered; with more of them one is taken for a write. */
    private static final int READS_MAX = 8;

    private final Session session;
    private final SessionTies ties;
    private final SchemaChanges changes;
    private final PendingSettings settings;
    private final PendingFailure failure = new PendingFailure();
    /** The statements in flight that are shaped like reads; what they call may write all the same. */
    private final StatementShape[] reads = new StatementShape[READS_MAX];

    private int readCount;
    /** A read was sent outside a transaction block, and what was sent has not been answered to the end. */
    private boolean loneReadSent;
    /** Something since the last ReadyForQuery outside a transaction may have written. */
    private boolean wrote;
    /** Something since then may have changed definitions. */
    private boolean definitionsChanged;
    /** A write was sent outside a transaction block, and what was sent has not been answered to the end. */
    private boolean loneWriteSent;

    private boolean commitSent;
    /** A BEGIN was sent whose ReadyForQuery has not come: a transaction is open although the last status says otherwise. */
    private boolean beginSent;
    /** A statement was sent that ends a transaction; another may begin right behind it. */
    private boolean transactionEndSent;
    /** One was sent with no BEGIN behind it, and not all has been answered: what follows may run outside a transaction, whatever the last status. */
    private boolean mayBeOutside;
    /** Outside a transaction block a statement was sent that may commit without a Sync. */
    private boolean selfCommitSent;
    /** An Execute was sent and no Sync since. */
    private boolean executedInGroup;
    /** COPY FROM STDIN of which neither the end was sent nor the answer has come: a server may take what follows for their data. */
    private int copies;

    private int queries;

    SentWork(Session session) {
        this.session = session;
        this.ties = session.ties;
        this.changes = session.worker.changes();
        this.settings = new PendingSettings(session.settings);
    }

    /**
     * A request is being sent.
     *
     * @param status of the backend before it
     */
    void sending(Request request, TransactionStatus status) {
        noteMixedProtocols(request.tag);
        failure.sending(request);
        switch (request.tag) {
            case FrontendTag.QUERY, FrontendTag.EXECUTE -> {
                queries++;
                if (request.tag == FrontendTag.QUERY && request.statement != null) {
                    // PREPARE runs nothing.
                    return;
                }
                for (EditedText.Used one : request.used) {
                    note(one.statement().analysis().shape().statements(), request.configured, status);
                }
                AnalyzedQuery analysis = request.analysis;
                if (analysis == null || !analysis.shape().trusted()) {
                    // Unread text may change settings too: nothing of it may reach the next session.
                    noteWrite(status);
                    selfCommitSent |= mayBeOutside(status);
                    failure.sendingUnread();
                    ties.dirty();
                } else {
                    note(analysis.shape().statements(), request.configured, status);
                }
            }
            case FrontendTag.FUNCTION_CALL -> {
                noteWrite(status);
                if (!LargeObjectCalls.isOne(request)) {
                    // Which function it is only its OID says: it may lock something, or set it, for the session.
                    ties.dirty();
                }
            }
            default -> {
                // Parse, Bind, Describe, Close and Sync change nothing by themselves
            }
        }
    }

    /** Returns what of it may change the session's settings. */
    PendingSettings settings() {
        return settings;
    }

    /** Returns what of it may fail the transaction. */
    PendingFailure failure() {
        return failure;
    }

    /**
     * Notes a Query or FunctionCall behind an Execute that no Sync has ended.
     *
     * <p>PostgreSQL 18 then leaves a transaction open behind ReadyForQuery I, fails the next statement with XX000 and rolls back what came before
     * it: that must hit a reset of the backend and no other session's statement.
     */
    private void noteMixedProtocols(byte tag) {
        switch (tag) {
            case FrontendTag.EXECUTE -> executedInGroup = true;
            case FrontendTag.SYNC -> executedInGroup = false;
            case FrontendTag.QUERY, FrontendTag.FUNCTION_CALL -> {
                if (executedInGroup) {
                    ties.dirty();
                }
            }
            default -> {
                // Parse, Bind, Describe and Close begin nothing that a Query could find
            }
        }
    }

    private void note(List<StatementShape> statements, @Nullable Set<String> configured, TransactionStatus status) {
        for (int i = 0; i < statements.size(); i++) {
            note(statements.get(i), configured, status);
        }
    }

    private void note(StatementShape statement, @Nullable Set<String> configured, TransactionStatus status) {
        if (SetConfigCalls.mayChange("search_path", statement, configured)) {
            session.settings.losePath();
        }
        if (statement.access() == Access.WRITE) {
            noteWrite(status);
        } else if (statement.access() == Access.READ) {
            noteRead(statement, status);
        }
        noteCalls(session.view().router().catalog().settingChange(statement.functions()));
        StatementKind kind = statement.kind();
        selfCommitSent |= mayCommitItself(kind) && mayBeOutside(status);
        if (kind == StatementKind.DDL && !isTemporary(statement)) {
            definitionsChanged = true;
            // The session itself may prepare anew before its transaction ends.
            changes.noted();
        }
        boolean saysAnew = kind == StatementKind.BEGIN
                && !statement.transactionMode().equals(TransactionMode.UNSAID)
                && isInTransaction(status);
        if (kind == StatementKind.NOTIFY
                || statement.functions().contains("pg_notify")
                || statement.functions().contains("pg_catalog.pg_notify")) {
            session.shards.notified();
        }
        if (saysAnew || kind == StatementKind.SET_CONSTRAINTS) {
            session.shards.joinedByNoOther();
        }
        if (kind == StatementKind.BEGIN) {
            beginSent();
        } else if (kind == StatementKind.COMMIT
                || kind == StatementKind.COMMIT_AND_CHAIN
                || kind == StatementKind.COMMIT_PREPARED
                || kind == StatementKind.PREPARE_TRANSACTION) {
            commitSent = true;
        }
        if (kind == StatementKind.COPY_IN) {
            copies++;
        }
        transactionEndSent |= kind.endsTransaction();
        failure.sending(kind);
        mayBeOutside |= switch (kind) {
            case COMMIT, ROLLBACK, PREPARE_TRANSACTION -> true;
            default -> false;
        };
        ties.note(statement, configured);
    }

    /**
     * Returns true when a statement of that kind, executed outside a transaction block, may commit before its Sync: a procedure or a DO by its own COMMIT,
     * and what refuses to run in a block, such as CREATE INDEX CONCURRENTLY or VACUUM, at its end. Which definitions do so is not told apart.
     */
    private static boolean mayCommitItself(StatementKind kind) {
        return switch (kind) {
            case CALL, DO, DDL, MAINTENANCE, OTHER -> true;
            default -> false;
        };
    }

    /** CopyDone or CopyFail is being sent. */
    void copyEnded() {
        copies = Math.max(0, copies - 1);
    }

    /** Returns true while the client's next message may stand within a COPY FROM that has not begun, or never will. */
    boolean isCopyAwaited() {
        return copies > 0;
    }

    private void noteCalls(SettingChange change) {
        switch (change) {
            case NONE -> {
                // nothing of them stays
            }
            case POSSIBLE -> ties.dirty();
            case LIKELY -> ties.pin(SessionEffect.FUNCTION_SETTINGS);
        }
    }

    /** Returns true, once, when what was sent up to this ReadyForQuery may have ended a transaction. */
    boolean takeTransactionEnd() {
        boolean was = transactionEndSent;
        transactionEndSent = false;
        return was;
    }

    private static boolean isTemporary(StatementShape statement) {
        return statement.effects().contains(SessionEffect.TEMP_TABLE)
                || statement.effects().contains(SessionEffect.TEMP_TABLE_UNTIL_COMMIT);
    }

    private void noteWrite(TransactionStatus status) {
        wrote = true;
        loneWriteSent |= mayBeOutside(status);
    }

    private void noteRead(StatementShape statement, TransactionStatus status) {
        if (readCount == READS_MAX) {
            noteWrite(status);
        } else {
            reads[readCount++] = statement;
            loneReadSent |= mayBeOutside(status);
        }
    }

    /** Returns true unless the catalogue vouches for every read in flight. */
    private boolean mayReadsWrite() {
        for (int i = 0; i < readCount; i++) {
            if (!session.view().router().isProvenRead(reads[i])) {
                return true;
            }
        }
        return false;
    }

    /** A BEGIN that was answered here leads what is being sent. */
    void beginSent() {
        beginSent = true;
        mayBeOutside = false;
    }

    /** A ReadyForQuery came. */
    void onReadyForQuery() {
        beginSent = false;
    }

    /** Definitions are being changed by something that was not sent to the session's own backend. */
    void definitionsChange() {
        definitionsChanged = true;
        // The session itself may prepare anew before its transaction ends.
        changes.noted();
    }

    /** What changed definitions is over. */
    void definitionsChanged() {
        if (definitionsChanged) {
            definitionsChanged = false;
            changes.noted();
        }
    }

    /** Returns true, once, when something of what ended with this ReadyForQuery outside a transaction may have written. */
    boolean takeWrote() {
        definitionsChanged();
        boolean was = wrote || session.placement.readsReplicas() && mayReadsWrite();
        wrote = false;
        return was;
    }

    /** All that was sent has been answered, and the transaction is still open: what its reads may have written comes with its end. */
    void transactionGoesOn() {
        wrote |= session.placement.readsReplicas() && !session.placement.isReadOnlyTransaction() && mayReadsWrite();
    }

    /** All that was sent has been answered. Returns how many queries that were. */
    int onQuiet() {
        forgetInFlight();
        failure.onQuiet();
        int count = queries;
        queries = 0;
        return count;
    }

    /** The backend was given back, or is lost. */
    void released() {
        forgetInFlight();
        failure.released();
        beginSent = false;
        executedInGroup = false;
    }

    private void forgetInFlight() {
        readCount = 0;
        loneReadSent = false;
        commitSent = false;
        loneWriteSent = false;
        selfCommitSent = false;
        mayBeOutside = false;
        settings.clear();
        copies = 0;
    }

    /**
     * Returns true when what is in flight may have been committed although its reply was lost.
     *
     * @param groupsEnded whether something in flight has been ended by a Sync or is a Query, and so commits by itself
     */
    boolean isCommitInDoubt(boolean groupsEnded) {
        return commitSent || selfCommitSent || groupsEnded && (loneWriteSent || loneReadSent && mayReadsWrite());
    }

    /** Returns true when what is sent next may run outside a transaction block, be it that an end in flight leaves none. */
    boolean mayBeOutside(TransactionStatus status) {
        return mayBeOutside || !isInTransaction(status);
    }

    /** Returns true when a transaction block is open, or was about to be; one that an end in flight may have closed counts as open. */
    boolean isInTransaction(TransactionStatus status) {
        return beginSent || status != TransactionStatus.IDLE;
    }
}
