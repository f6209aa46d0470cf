// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.TransactionStatus;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What ties one session to its backend, and what its statements may have left there.
 *
 * <p>A <em>pin</em> is state of the session that no other backend can be given: the session keeps its backend while it has one. <em>Dirt</em>
 * may be left behind, and is removed by a reset before the next session gets the backend.
 *
 * <p>A statement says what it may leave, not what it left: a lock may not have been granted, a table may go with its transaction. So whenever
 * pins may be fewer than they look, the backend is asked at the next transaction boundary, see {@link TieCheck}. Belongs to its
 * {@link Session}.
 */
final class SessionTies {
    /** Pins whose end can be seen on the backend. */
    private static final Set<SessionEffect> VISIBLE = EnumSet.of(
            SessionEffect.TEMP_TABLE,
            SessionEffect.LISTEN,
            SessionEffect.ADVISORY_LOCK,
            SessionEffect.HOLD_CURSOR,
            SessionEffect.SQL_PREPARE,
            SessionEffect.SET_CONFIG);

    /** Parameters of set_config remembered between two checks; with more of them the pin stays. */
    private static final int CONFIGURED_MAX = 64;

    private final RouterMetrics metrics;
    private final EventLoopClock clock;
    private final PoolMode poolMode;
    private final String namePrefix;
    private final Set<SessionEffect> pins = EnumSet.noneOf(SessionEffect.class);
    private final long[] pinnedNanos = new long[SessionEffect.values().length];
    /** What calls of set_config may have set; null when that is not known. */
    private @Nullable Set<String> configured = new LinkedHashSet<>(0);

    private boolean dirty;
    /** A pin was added since the last transaction boundary, and may go with a transaction that fails. */
    private boolean fresh;
    /** A transaction block was open since the last transaction boundary. */
    private boolean inBlock;
    /** The backend may carry less than the pins say. */
    private boolean doubtful;

    SessionTies(RouterMetrics metrics, EventLoopClock clock, PoolMode poolMode, String namePrefix) {
        this.metrics = metrics;
        this.clock = clock;
        this.poolMode = poolMode;
        this.namePrefix = namePrefix;
    }

    /**
     * A statement is being sent.
     *
     * @param parameters that its calls of set_config set, or null when that is not known
     */
    void note(StatementShape statement, @Nullable Set<String> parameters) {
        switch (statement.kind()) {
            // Of a text that begins and ends its transaction no status tells.
            case ROLLBACK, ROLLBACK_AND_CHAIN, ROLLBACK_TO_SAVEPOINT -> doubtful |= fresh;
            default -> {
                // takes nothing back
            }
        }
        if (statement.effects().isEmpty()) {
            return;
        }
        for (SessionEffect effect : statement.effects()) {
            if (effect == SessionEffect.END_OF_STATE) {
                doubtful |= hasState();
            } else if (effect.pinsSession() && !isShared(effect)) {
                if (effect == SessionEffect.SET_CONFIG) {
                    configure(parameters);
                }
                pin(effect);
            } else if (effect.dirtiesBackend()) {
                dirty = true;
            }
        }
    }

    /** What a shared backend listens to ties nobody; but the session's own has run the LISTEN, too. */
    private boolean isShared(SessionEffect effect) {
        return effect == SessionEffect.LISTEN && poolMode == PoolMode.TRANSACTION;
    }

    private void configure(@Nullable Set<String> parameters) {
        if (configured == null || parameters == null) {
            configured = null;
            return;
        }
        configured.addAll(parameters);
        if (configured.size() > CONFIGURED_MAX) {
            configured = null;
        }
    }

    void pin(SessionEffect effect) {
        if (pins.add(effect)) {
            fresh = true;
            pinnedNanos[effect.ordinal()] = clock.nanoTime();
            metrics.pinned(label(effect));
        }
        // A lock may not have been granted, and a parameter can be carried along once its value is known.
        doubtful |= effect == SessionEffect.ADVISORY_LOCK || effect == SessionEffect.SET_CONFIG;
    }

    /** Returns true when something may be left on a backend that nobody followed. */
    boolean isDirty() {
        return dirty;
    }

    void dirty() {
        dirty = true;
    }

    /** A ReadyForQuery came. */
    void onReadyForQuery(TransactionStatus status, boolean failed) {
        if (status != TransactionStatus.IDLE) {
            inBlock = true;
            return;
        }
        doubtful |= fresh && (failed || inBlock);
        fresh = false;
        inBlock = false;
    }

    /** Returns true when the backend should be asked what of the session is left on it, because the pins may end with that. */
    boolean isDoubtful() {
        return doubtful && hasState() && VISIBLE.containsAll(pins) && isConfigurationKnown();
    }

    private boolean isConfigurationKnown() {
        return configured != null || !pins.contains(SessionEffect.SET_CONFIG);
    }

    /** Returns what the backend is to be asked now. */
    TieCheck check() {
        doubtful = false;
        return new TieCheck(EnumSet.copyOf(pins), configured == null ? Set.of() : Set.copyOf(configured), namePrefix);
    }

    /** The backend has said what is left of what it was asked for. */
    void settle(TieCheck asked, Set<SessionEffect> left) {
        for (SessionEffect effect : asked.pins()) {
            if (!left.contains(effect)) {
                unpin(effect);
            }
        }
        configured = new LinkedHashSet<>(0);
    }

    /** Returns true when the session must keep its backend although no transaction is open. */
    boolean isPinned() {
        return !pins.isEmpty() || poolMode == PoolMode.SESSION;
    }

    boolean isPinnedBy(SessionEffect effect) {
        return pins.contains(effect);
    }

    /** Returns true when the backend carries state of the session that no other backend can be given. */
    boolean hasState() {
        return !pins.isEmpty();
    }

    /** Returns true, once, when the backend must be reset before the next session gets it. */
    boolean takeDirt() {
        boolean was = dirty;
        dirty = false;
        return was;
    }

    /** DISCARD ALL completed: nothing of the session is left on its backend. */
    void discarded() {
        ended();
        dirty = false;
    }

    /** The session has ended. */
    void ended() {
        for (SessionEffect effect : EnumSet.copyOf(pins)) {
            unpin(effect);
        }
        doubtful = false;
        configured = new LinkedHashSet<>(0);
    }

    /** Returns the pins there are, and for how long. */
    List<SessionDescription.Pin> describe() {
        long now = clock.nanoTime();
        return pins.stream()
                .map(pin -> new SessionDescription.Pin(label(pin), Duration.ofNanos(now - pinnedNanos[pin.ordinal()])))
                .toList();
    }

    private void unpin(SessionEffect effect) {
        pins.remove(effect);
        metrics.unpinned(label(effect), clock.nanoTime() - pinnedNanos[effect.ordinal()]);
    }

    private static String label(SessionEffect effect) {
        return effect.name().toLowerCase(Locale.ROOT);
    }
}
