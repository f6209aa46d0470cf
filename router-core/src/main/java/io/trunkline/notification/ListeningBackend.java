// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendHolder;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.pool.Lease;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.NotificationResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.TransactionStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One backend that listens for all sessions of a {@link NotificationHub} with one client encoding: to each channel that one of them has joined.
 *
 * <p>It is leased from a pool of its own, of the primary, while a channel is joined, and replaced when it is lost or its node is primary no
 * longer. Commands go to it in rounds, one at a time: the LISTEN and UNLISTEN that have gathered, in one query, and whoever waits is told when a
 * round that began later has ended.
 *
 * <pre>
 *              joined               granted             round confirmed
 *   ABSENT ─────────────▶ LEASING ───────────▶ BUSY ◀────────────────────▶ READY
 *     ▲                      │ refused           │ lost, refused  next round  │ nobody left, lost
 *     │                      ▼                   │                            │
 *     ├──── pause over ─── PAUSING ◀─────────────┤                            │
 *     └──────────────────────────────────────────┴────────────────────────────┘
 * </pre>
 *
 * <p>Confined to one event loop. What it keeps is bounded by the channels of its sessions ({@code limits.channels_per_session}); it queues no
 * notifications.
 */
public final class ListeningBackend implements LeaseRequest, BackendHolder {
    /** How long a channel is listened to after the last session has left it: sessions come and go. */
    static final Duration UNLISTEN_DELAY = Duration.ofSeconds(5);

    /** Commands in one round; the rest waits for the next. */
    static final int COMMANDS_MAX = 200;

    /** The time between attempts while none succeeds; one attempt itself waits as long as any request for a backend. */
    static final Duration RETRY_PAUSE = Duration.ofSeconds(1);

    private enum State {
        /** There is no backend, and nobody needs one. */
        ABSENT,
        /** The pool has been asked. */
        LEASING,
        /** The last attempt failed a moment ago. */
        PAUSING,
        /** A round is under way. */
        BUSY,
        /** The backend listens to what has been joined, but for what the next round will bring. */
        READY
    }

    private final EventLoopClock clock;
    private final ShardPool pool;
    private final RouterMetrics metrics;
    private final Notifiers notifiers;
    private final String encoding;
    private final NotificationResponse view = new NotificationResponse();
    private final Map<String, Channel> channels = new LinkedHashMap<>();
    /** Joined, and not listened to yet. */
    private final Set<Channel> unheard = new LinkedHashSet<>();
    /** Listened to, and joined no longer; the first was left first. */
    private final Set<Channel> deserted = new LinkedHashSet<>();
    /** Listened to by a backend that was lost; their sessions are told when another one listens to all of them. */
    private final Set<Channel> missed = new LinkedHashSet<>();
    /** Who waits for the end of a round that has not begun. */
    private final Set<Subscriber> waiting = new LinkedHashSet<>();
    /** What runs at the end of a round that has not begun. */
    private List<Runnable> tasks = new ArrayList<>(0);
    /** Who has been told something in this read. */
    private final Set<Subscriber> told = new LinkedHashSet<>();

    private State state = State.ABSENT;
    private @Nullable Lease lease;
    private @Nullable ListeningRound round;
    private long leasedNanos;
    private int listenedCount;
    private boolean sweepScheduled;

    ListeningBackend(
            EventLoopClock clock, ShardPool pool, RouterMetrics metrics, Notifiers notifiers, String encoding) {
        this.clock = clock;
        this.pool = pool;
        this.metrics = metrics;
        this.notifiers = notifiers;
        this.encoding = encoding;
    }

    // what sessions ask

    /** A session wants what is notified on a channel, from the end of a round on that {@link #await} waits for. */
    public void join(String name, Subscriber subscriber) {
        Channel channel = channels.computeIfAbsent(name, Channel::new);
        channel.subscribers.add(subscriber);
        deserted.remove(channel);
        if (channel.state == Channel.State.UNHEARD) {
            unheard.add(channel);
        }
    }

    /** A session wants what is notified on a channel no longer. */
    public void leave(String name, Subscriber subscriber) {
        Channel channel = channels.get(name);
        if (channel == null || !channel.subscribers.remove(subscriber) || channel.isWanted()) {
            return;
        }
        if (unheard.remove(channel)) {
            channels.remove(name);
        } else {
            channel.leftNanos = clock.nanoTime();
            deserted.add(channel);
        }
        scheduleSweep();
    }

    /**
     * Tells a session when all channels that it has joined are listened to, and all that was notified before this call has been delivered: by
     * {@link Subscriber#onListening}, or {@link Subscriber#onRefused} when no backend can be had.
     */
    public void await(Subscriber subscriber) {
        waiting.add(subscriber);
        advance();
    }

    /** Returns true while there is a backend that listens. */
    public boolean isListening() {
        return listenedCount > 0;
    }

    /** Runs something when all that was notified before this call has been delivered, or cannot be any more because the backend is lost. */
    public void afterRound(Runnable task) {
        tasks.add(task);
        advance();
    }

    /** A session waits no longer, and is told nothing any more. */
    public void withdraw(Subscriber subscriber) {
        waiting.remove(subscriber);
        ListeningRound running = round;
        if (running != null) {
            running.waiters.remove(subscriber);
        }
    }

    // the backend

    private boolean isNeeded() {
        return !waiting.isEmpty() || !tasks.isEmpty() || !channels.isEmpty();
    }

    /** Takes the next step, if there is one that can be taken now. */
    private void advance() {
        switch (state) {
            case ABSENT -> {
                if (isNeeded()) {
                    state = State.LEASING;
                    pool.lease(ShardPool.Role.PRIMARY, this);
                }
            }
            case READY -> {
                if (isNeeded()) {
                    beginRound();
                } else {
                    giveUp("nobody listens");
                }
            }
            case LEASING, PAUSING, BUSY -> {
                // goes on by itself
            }
        }
    }

    @Override
    public Settings settings() {
        return Settings.NONE;
    }

    @Override
    public void onLeased(Lease granted) {
        lease = granted;
        leasedNanos = clock.nanoTime();
        BackendConnection backend = granted.backend();
        backend.attach(this);
        state = State.BUSY;
        send(preparation(), List.of(), List.of(), new ArrayList<>(), List.of());
    }

    /** Returns what makes a backend fit to wait for a long time, and to speak the encoding of its sessions. */
    private String preparation() {
        // The setting exists since PostgreSQL 14.
        return "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout';"
                + " SET client_encoding TO '" + encoding.replace("'", "''") + "'";
    }

    @Override
    public void onRefused(RouterError error) {
        state = State.ABSENT;
        refuse(takeWaiting(), error);
        pause();
    }

    private List<Subscriber> takeWaiting() {
        List<Subscriber> all = new ArrayList<>(waiting);
        waiting.clear();
        return all;
    }

    private List<Runnable> takeTasks() {
        List<Runnable> all = tasks;
        tasks = new ArrayList<>(0);
        return all;
    }

    private static void refuse(List<Subscriber> subscribers, RouterError error) {
        subscribers.forEach(subscriber -> subscriber.onRefused(error));
    }

    /** Tries again after a while, if somebody still needs it then. */
    private void pause() {
        if (state == State.ABSENT) {
            state = State.PAUSING;
            clock.schedule(RETRY_PAUSE.toNanos(), () -> {
                state = State.ABSENT;
                forgetUnwanted();
                advance();
            });
        }
    }

    // rounds

    private void beginRound() {
        List<Channel> entered = new ArrayList<>();
        List<Channel> left = new ArrayList<>();
        StringBuilder sql = new StringBuilder();
        for (Channel channel : unheard) {
            if (entered.size() == COMMANDS_MAX) {
                break;
            }
            channel.state = Channel.State.ASKED;
            channel.writeTo(sql, "LISTEN");
            entered.add(channel);
        }
        entered.forEach(unheard::remove);
        long now = clock.nanoTime();
        for (Channel channel : deserted) {
            if (now - channel.leftNanos < UNLISTEN_DELAY.toNanos() || entered.size() + left.size() == COMMANDS_MAX) {
                break;
            }
            if (channel.state == Channel.State.LISTENED) {
                channel.state = Channel.State.LEAVING;
                channel.writeTo(sql, "UNLISTEN");
                left.add(channel);
            }
        }
        left.forEach(deserted::remove);
        // Whoever waits may have joined what is only entered in a later round.
        List<Subscriber> waiters = unheard.isEmpty() ? takeWaiting() : new ArrayList<>();
        List<Runnable> after = takeTasks();
        if (entered.isEmpty() && left.isEmpty() && waiters.isEmpty() && after.isEmpty()) {
            return;
        }
        state = State.BUSY;
        send(sql.toString(), entered, left, waiters, after);
    }

    private void send(
            String sql, List<Channel> entered, List<Channel> left, List<Subscriber> waiters, List<Runnable> after) {
        BackendConnection backend = backend();
        ListeningRound next = new ListeningRound(this, entered, left, waiters, after, backend.ownStatementDeadline());
        round = next;
        backend.expected().add(Kind.QUERY, Action.SWALLOW, next);
        ByteBuf out = backend.link().allocator().buffer(sql.length() + 6);
        FrontendWriter.query(out, sql);
        backend.link().write(out);
        backend.link().flush();
    }

    private BackendConnection backend() {
        Lease held = lease;
        if (held == null) {
            throw new IllegalStateException("no backend while " + state);
        }
        return held.backend();
    }

    /** The ReadyForQuery of a round came; what follows in the same read comes after the round. */
    void onRoundConfirmed(ListeningRound ended) {
        round = null;
        state = State.READY;
        for (Channel channel : ended.entered) {
            channel.state = Channel.State.LISTENED;
            if (!channel.isWanted()) {
                deserted.add(channel);
            }
        }
        for (Channel channel : ended.left) {
            channel.state = Channel.State.UNHEARD;
            if (channel.isWanted()) {
                unheard.add(channel);
            } else {
                channels.remove(channel.name());
            }
        }
        countListened(ended.entered.size() - ended.left.size());
        tellMissed();
        ended.waiters.forEach(Subscriber::onListening);
        ended.after.forEach(Runnable::run);
        advance();
    }

    private void countListened(int difference) {
        listenedCount += difference;
        metrics.channelsListened(difference);
    }

    private void tellMissed() {
        for (Channel channel : missed) {
            if (unheard.contains(channel)) {
                return;
            }
        }
        Set<Subscriber> all = new LinkedHashSet<>();
        missed.forEach(channel -> all.addAll(channel.subscribers));
        missed.clear();
        tell(all, AsynchronousMessage.missed());
    }

    /** The node will not listen: it is no longer what it was leased as, or short of something. Or the backend is gone, which is known already. */
    void onRoundUndone(ListeningRound failed) {
        if (round != failed) {
            return;
        }
        ErrorResponse answer = failed.error();
        RouterError error = answer == null
                ? RouterErrors.backendLost(backend().target().node())
                : new RouterError(RouterError.Kind.BACKEND, answer.withSeverity(Severity.ERROR));
        List<Subscriber> waiters = new ArrayList<>(failed.waiters);
        waiters.addAll(takeWaiting());
        failed.waiters.clear();
        giveUp("listening failed");
        refuse(waiters, error);
        pause();
    }

    // the end of a backend

    @Override
    public void onRetiring(Lease retiring) {
        if (lease == retiring) {
            giveUp("role lost");
            onGone();
        }
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        giveUp("lost");
        onGone();
    }

    /** Looks for another backend, at once if this one served for a while. */
    private void onGone() {
        if (clock.nanoTime() - leasedNanos < RETRY_PAUSE.toNanos()) {
            pause();
        } else {
            advance();
        }
    }

    /** Closes the backend; whatever it listened to is unheard from now on. */
    private void giveUp(String reason) {
        Lease held = lease;
        ListeningRound unfinished = round;
        lease = null;
        round = null;
        state = State.ABSENT;
        List<Runnable> after = takeTasks();
        if (unfinished != null) {
            waiting.addAll(unfinished.waiters);
            after.addAll(unfinished.after);
        }
        if (listenedCount > 0) {
            metrics.listeningBackendLost();
        }
        countListened(-listenedCount);
        for (Channel channel : channels.values()) {
            if (channel.state == Channel.State.LISTENED) {
                missed.add(channel);
            }
            channel.state = Channel.State.UNHEARD;
        }
        forgetUnwanted();
        unheard.addAll(channels.values());
        if (held != null) {
            held.backend().detach(this);
            held.discard(reason);
        }
        after.forEach(Runnable::run);
    }

    /** Forgets channels that nobody wants, while no backend listens to them. */
    private void forgetUnwanted() {
        channels.values().removeIf(channel -> !channel.isWanted());
        deserted.clear();
        missed.removeIf(channel -> !channel.isWanted());
    }

    private void scheduleSweep() {
        if (!sweepScheduled) {
            sweepScheduled = true;
            clock.schedule(UNLISTEN_DELAY.toNanos(), this::sweep);
        }
    }

    private void sweep() {
        sweepScheduled = false;
        advance();
        if (!deserted.isEmpty()) {
            scheduleSweep();
        }
    }

    // what the backend says

    @Override
    public boolean wantsNotification(ByteBuf buffer, int index, int available) {
        view.wrap(buffer, index, available);
        Channel channel = channels.get(view.channel());
        if (channel != null && channel.isWanted()) {
            int processId = notifiers.processId(backend().target().node(), view.processId());
            tell(channel.subscribers, AsynchronousMessage.notification(view, processId));
        }
        return false;
    }

    private void tell(Set<Subscriber> subscribers, AsynchronousMessage message) {
        // Whoever hears of it may leave.
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            subscriber.onMessage(message);
            told.add(subscriber);
        }
    }

    @Override
    public void onReadComplete() {
        if (!told.isEmpty()) {
            List<Subscriber> all = List.copyOf(told);
            told.clear();
            all.forEach(Subscriber::onReadComplete);
        }
    }

    @Override
    public void onQuiet() {
        // The round says so itself.
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        // Notices, and errors, which the round has.
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        messages.release();
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // Only for what is passed on.
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // No client's.
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // One short query at a time.
    }
}
