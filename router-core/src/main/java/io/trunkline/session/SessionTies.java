// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.metrics.RouterMetrics;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementShape;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * What ties one session to its backend, and what its statements may have left there.
 *
 * <p>A <em>pin</em> is state of the session that no other backend can be given: the session keeps its backend while it has one. <em>Dirt</em>
 * may be left behind, and is removed by a reset before the next session gets the backend. Belongs to its {@link Session}.
 */
final class SessionTies {
    private final RouterMetrics metrics;
    private final PoolMode poolMode;
    private final Set<SessionEffect> pins = EnumSet.noneOf(SessionEffect.class);
    private boolean dirty;

    SessionTies(RouterMetrics metrics, PoolMode poolMode) {
        this.metrics = metrics;
        this.poolMode = poolMode;
    }

    /** A statement is being sent. */
    void note(StatementShape statement) {
        if (statement.effects().isEmpty()) {
            return;
        }
        for (SessionEffect effect : statement.effects()) {
            if (effect.pinsSession() && !isShared(effect)) {
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

    void pin(SessionEffect effect) {
        if (pins.add(effect)) {
            metrics.pinned(label(effect));
        }
    }

    void dirty() {
        dirty = true;
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
        unpin();
        dirty = false;
    }

    /** The session has ended. */
    void ended() {
        unpin();
    }

    private void unpin() {
        for (SessionEffect effect : pins) {
            metrics.unpinned(label(effect));
        }
        pins.clear();
    }

    private static String label(SessionEffect effect) {
        return effect.name().toLowerCase(Locale.ROOT);
    }
}
