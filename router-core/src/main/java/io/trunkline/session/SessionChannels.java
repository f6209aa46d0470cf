// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.notification.AsynchronousMessage;
import io.trunkline.notification.ListeningBackend;
import io.trunkline.notification.NotificationHub;
import io.trunkline.notification.Subscriber;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.TransactionStatus;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The channels one session listens to by a backend it shares with others, and the notifications it has not been sent yet.
 *
 * <p>A LISTEN passes three points. When it is read, its channel is joined, and the message waits unread until the shared backend listens. When
 * it completes, it becomes a change of the open transaction. When that commits, it is in force. Only what is in force is delivered, at the
 * places where PostgreSQL does it: outside a transaction, while the client is owed nothing or before a ReadyForQuery.
 *
 * <p>Inside a transaction LISTEN also runs on the session's own backend, which then knows all that depends on it (whether the transaction has
 * failed, whether it can be prepared). That backend is reset before the next session gets it, and what it delivers itself is dropped.
 *
 * <p>With {@code pool_mode} at {@code session} nothing is shared, and nothing of this happens. Belongs to its {@link Session}; confined to its
 * event loop.
 */
final class SessionChannels implements Subscriber {
    /** How far a message is that has to wait for the shared backend. */
    private enum Wait {
        NONE,
        UNDER_WAY,
        /** The shared backend listens. */
        OVER,
        /** There is no shared backend to be had. */
        REFUSED,
        /** The client cancelled. */
        CANCELED
    }

    private final Session session;
    private final NotificationHub hub;
    private final SessionLimits.Listening limits;
    private final boolean shared;
    /** The channels that have been joined: those in force and those that may come into force. */
    private final Map<String, ListeningBackend> joined = new HashMap<>(0);
    /** The channels in force. */
    private final Set<String> channels = new HashSet<>(0);

    private final ChannelChanges changes = new ChannelChanges();
    private final NotificationQueue queue;
    private Wait wait = Wait.NONE;
    private @Nullable ListeningBackend awaited;
    private @Nullable RouterError refusal;
    private int processId;
    /** Something was sent that notifies, and its transaction is not over. */
    private boolean notifying;
    /** Rounds of the shared backend that a ReadyForQuery waits for. */
    private int roundsAwaited;

    SessionChannels(Session session, NotificationHub hub) {
        this.session = session;
        this.hub = hub;
        this.limits = session.worker.limits().listening();
        this.shared = session.identity.poolMode() == PoolMode.TRANSACTION;
        this.queue = new NotificationQueue(limits);
    }

    /** The client knows itself by this process id. */
    void begin(int newProcessId) {
        processId = newProcessId;
    }

    /** The session has got a backend, on which it may notify. */
    void attached(BackendConnection backend) {
        hub.noteHolder(backend, processId);
    }

    // reading LISTEN

    /** Returns true when LISTEN and UNLISTEN of this session are about a shared backend. */
    boolean isShared() {
        return shared;
    }

    /** Returns true when a channel can be listened to for this session: its name reads the same in every encoding on the way. */
    boolean isShareable(String channel) {
        for (int i = 0; i < channel.length(); i++) {
            if (channel.charAt(i) >= 0x80) {
                return session.texts.isUtf8() && "UTF8".equals(session.told().get("server_encoding"));
            }
        }
        return true;
    }

    /**
     * Returns true when the channels that a request would enter are listened to, so that nothing notified from now on is missed, and all that was
     * notified before has been delivered. Otherwise it returns false: the message has to be left unread, and the session proceeds later.
     *
     * @param commands the LISTEN and UNLISTEN of the request; none when it would commit some
     */
    boolean prepare(Request request, List<SessionCommand> commands) {
        switch (wait) {
            case NONE -> {
                if (!join(request, commands)) {
                    return true;
                }
                wait = Wait.UNDER_WAY;
                ListeningBackend backend = current();
                awaited = backend;
                backend.await(this);
                // At once, when the router stops.
                return wait != Wait.UNDER_WAY && endWait(request, commands);
            }
            case UNDER_WAY -> {
                return false;
            }
            default -> {
                return endWait(request, commands);
            }
        }
    }

    private ListeningBackend current() {
        String encoding = session.told().get("client_encoding");
        return hub.backend(encoding == null ? "UTF8" : encoding);
    }

    /** Joins channels; returns false when there is nothing to wait for. */
    private boolean join(Request request, List<SessionCommand> commands) {
        boolean toWait = !channels.isEmpty() || !changes.isEmpty();
        for (SessionCommand command : commands) {
            if (changes.count() + channels.size() >= limits.channelsMax() && isFurther(command)) {
                request.refusal = RouterErrors.tooManyChannels(limits.channelsMax());
                return false;
            }
            if (command instanceof SessionCommand.Listen listen && isShareable(listen.channel())) {
                toWait = true;
                ListeningBackend backend = current();
                if (joined.putIfAbsent(listen.channel(), backend) == null) {
                    backend.join(listen.channel(), this);
                }
            }
        }
        return toWait;
    }

    private boolean isFurther(SessionCommand command) {
        return command instanceof SessionCommand.Listen listen
                ? !channels.contains(listen.channel()) && !changes.enters(listen.channel())
                : changes.count() >= limits.channelsMax();
    }

    private boolean endWait(Request request, List<SessionCommand> commands) {
        boolean listens = commands.stream().anyMatch(SessionCommand.Listen.class::isInstance);
        RouterError error = refusal;
        // Without a backend nothing can be entered; leaving and committing go on.
        if (error != null && (wait == Wait.CANCELED || listens)) {
            request.refusal = error;
        }
        forgetWait();
        return true;
    }

    /** The message that waits, if there is one, will not be sent: it was dropped, or what it was part of is lost. */
    void forgetWait() {
        ListeningBackend backend = awaited;
        if (backend != null) {
            backend.withdraw(this);
        }
        wait = Wait.NONE;
        awaited = null;
        refusal = null;
    }

    /** A cancel request arrived; returns true when it was for a message that waits for the shared backend. */
    boolean cancel() {
        if (wait != Wait.UNDER_WAY) {
            return false;
        }
        forgetWait();
        wait = Wait.CANCELED;
        refusal = RouterErrors.queryCanceled("user request");
        session.proceed();
        return true;
    }

    @Override
    public void onListening() {
        if (wait == Wait.UNDER_WAY) {
            wait = Wait.OVER;
            session.proceedLater();
        }
    }

    @Override
    public void onRefused(RouterError error) {
        if (wait == Wait.UNDER_WAY) {
            session.worker.metrics().error(error);
            wait = Wait.REFUSED;
            refusal = error;
            session.proceedLater();
        }
    }

    // the transaction

    /** A LISTEN or UNLISTEN completed. */
    void completed(@Nullable SessionCommand command) {
        if (!shared) {
            return;
        }
        if (command instanceof SessionCommand.Listen listen && joined.containsKey(listen.channel())) {
            changes.add(command);
        } else if (command instanceof SessionCommand.Unlisten) {
            changes.add(command);
        } else {
            // The own backend listens to something that cannot be listened to for the session by another one.
            session.ties.pin(SessionEffect.LISTEN);
        }
    }

    /** A SAVEPOINT completed. */
    void savepoint(SessionCommand.Savepoint savepoint) {
        changes.savepoint(savepoint);
    }

    /** RELEASE SAVEPOINT completed. */
    void release(String name) {
        changes.release(name);
    }

    /** ROLLBACK TO SAVEPOINT completed. */
    void rollbackTo(String name) {
        changes.rollbackTo(name);
    }

    /** Returns true when the end of the open transaction matters. */
    boolean isInFlux() {
        return !changes.isEmpty();
    }

    /** Outside a transaction a ReadyForQuery ended what was sent. */
    void transactionEnded(boolean failed) {
        if (failed) {
            rollback();
        } else {
            commit();
        }
    }

    /** The transaction committed. */
    void commit() {
        if (!changes.isEmpty()) {
            boolean listened = !channels.isEmpty();
            changes.applyTo(channels);
            changes.clear();
            noteListening(listened);
        }
        dropProvisional();
    }

    /** The router has answered a group of requests, which ran outside a transaction: what came before them is delivered before the answer. */
    void answeredHere() {
        if (!changes.isEmpty()) {
            writeAll();
            commit();
        }
    }

    /** The transaction was rolled back. */
    void rollback() {
        changes.clear();
        dropProvisional();
    }

    /** DISCARD ALL completed. */
    void discard() {
        boolean listened = !channels.isEmpty();
        changes.clear();
        channels.clear();
        queue.clear();
        noteListening(listened);
    }

    private void noteListening(boolean before) {
        boolean now = !channels.isEmpty();
        if (now && !before) {
            session.worker.metrics().listeningStarted();
        } else if (before && !now) {
            session.worker.metrics().listeningEnded();
        }
    }

    private void dropProvisional() {
        if (!queue.isEmpty()) {
            queue.retain(channels);
        }
    }

    /** A request is being sent. */
    void sending(Request request) {
        AnalyzedQuery analysis = request.analysis;
        if (!shared || analysis == null) {
            return;
        }
        // Also for sessions that listen to nothing yet: they may, by the end of their transaction.
        List<StatementShape> statements = analysis.shape().statements();
        for (int i = 0; i < statements.size(); i++) {
            notifying |= isNotify(statements.get(i));
        }
    }

    private static boolean isNotify(StatementShape statement) {
        Set<String> functions = statement.functions();
        return statement.kind() == StatementKind.NOTIFY
                || !functions.isEmpty()
                        && (functions.contains("pg_notify") || functions.contains("pg_catalog.pg_notify"));
    }

    /** Everything that was sent has been answered: leaves what was joined and did not come into force. */
    void settle() {
        notifying &= session.status() != TransactionStatus.IDLE;
        if (wait == Wait.NONE && joined.size() > channels.size()) {
            joined.entrySet().removeIf(entry -> {
                boolean over = !channels.contains(entry.getKey()) && !changes.enters(entry.getKey());
                if (over) {
                    entry.getValue().leave(entry.getKey(), this);
                }
                return over;
            });
        }
    }

    /** The session's backend was given back, or is lost: no transaction is open. */
    void released() {
        if (!changes.isEmpty()) {
            rollback();
        }
        settle();
    }

    /** The session has ended. */
    void ended() {
        forgetWait();
        discard();
        joined.forEach((channel, backend) -> backend.leave(channel, this));
        joined.clear();
    }

    // delivery

    /** Returns true when a notification of the session's own backend is for the client: the shared one listens to other channels. */
    boolean wantsOwn(String channel) {
        return !joined.containsKey(channel);
    }

    /** Returns true when messages wait for the client. */
    boolean hasUndelivered() {
        return !queue.isEmpty();
    }

    /** Returns true when something has to be done before a ReadyForQuery outside a transaction. */
    boolean isConcernedByReadyForQuery() {
        return notifying || !queue.isEmpty();
    }

    @Override
    public void onMessage(AsynchronousMessage message) {
        if (session.isClosed() || !message.isFor(channels) && !mayComeIntoForce(message)) {
            return;
        }
        if (!queue.offer(message)) {
            queue.clear();
            RouterError error =
                    RouterErrors.tooManyNotifications(limits.notificationsMax(), limits.notificationBytesMax());
            // Not now: the backend that listens is telling others, too.
            session.worker.execute(() -> session.closeWith(error));
            return;
        }
        if (mayDeliver()) {
            write();
        }
    }

    /** Returns true when what commits the LISTEN of this channel has been sent: the notification may have been committed after it. */
    private boolean mayComeIntoForce(AsynchronousMessage message) {
        return !message.isAboutAll()
                && joined.containsKey(message.channel())
                && session.state().relay() != null
                && session.sent.isCommitInDoubt(true);
    }

    @Override
    public void onReadComplete() {
        if (!session.isClosed()) {
            session.client.flush();
        }
    }

    /** Sends what waits, if this is a moment at which the client may be told. */
    void deliver() {
        if (!queue.isEmpty() && mayDeliver()) {
            write();
            session.client.flush();
        }
    }

    /**
     * Sends what waits before a ReadyForQuery outside a transaction. When the transaction may have notified the session itself, the ReadyForQuery
     * waits until that has arrived, too.
     */
    void deliverBeforeReadyForQuery() {
        if (notifying && !channels.isEmpty()) {
            ListeningBackend backend = current();
            if (backend.isListening()) {
                roundsAwaited++;
                session.client.shut();
                backend.afterRound(this::onOwnDelivered);
            }
        }
        writeAll();
    }

    private void onOwnDelivered() {
        roundsAwaited--;
        if (roundsAwaited > 0 || session.isClosed()) {
            return;
        }
        // It was shut before a ReadyForQuery.
        writeAll();
        session.client.open();
        session.client.flush();
        session.onWritabilityChanged(session.client.isWritable());
    }

    private boolean mayDeliver() {
        SessionState state = session.state();
        return state instanceof Idle
                || state instanceof Holding holding
                        && holding.relay().isQuiet()
                        && holding.relay().backend().status() == TransactionStatus.IDLE;
    }

    /** Sends what waits as far as the client takes it. */
    private void write() {
        while (!queue.isEmpty() && session.client.isReading()) {
            writeSome();
        }
    }

    /** Sends all that waits: the client is about to be sent what it waits for itself, and a full link would hold that up, too. */
    private void writeAll() {
        while (!queue.isEmpty()) {
            writeSome();
        }
    }

    private void writeSome() {
        ByteBuf out = session.client.allocator().buffer(256);
        int count = queue.moveTo(out);
        session.client.writeAhead(out);
        session.worker.metrics().notificationsDelivered(count);
    }
}
