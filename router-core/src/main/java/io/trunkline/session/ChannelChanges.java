// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.sql.SessionCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What the open transaction of one session will do to the channels it listens to: LISTEN and UNLISTEN take effect when it commits, and go with
 * the savepoint they came after.
 *
 * <p>Belongs to {@link SessionChannels}, which bounds the changes by {@code limits.channels_per_session}; of savepoints {@link #SAVEPOINTS_MAX}
 * are followed.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-listen.html">LISTEN</a>
 */
final class ChannelChanges {
    /** As many as are followed for settings; beyond it the oldest are forgotten, so a rollback to one of them forgets more than it must. */
    private static final int SAVEPOINTS_MAX = SessionSettings.SAVEPOINTS_MAX;

    /** Commands of the transaction that matter, in order: {@code Listen}, {@code Unlisten} and {@code Savepoint}. */
    private final List<SessionCommand> steps = new ArrayList<>(0);

    private int savepointCount;

    /** A LISTEN or UNLISTEN completed. */
    void add(SessionCommand change) {
        if (steps.isEmpty() || !steps.get(steps.size() - 1).equals(change)) {
            steps.add(change);
        }
    }

    /** A SAVEPOINT completed; one before the first change needs no place, because what it undoes is everything. */
    void savepoint(SessionCommand.Savepoint savepoint) {
        if (steps.isEmpty()) {
            return;
        }
        steps.add(savepoint);
        savepointCount++;
        if (savepointCount > SAVEPOINTS_MAX) {
            int oldest = 0;
            while (!isSavepoint(oldest)) {
                oldest++;
            }
            steps.remove(oldest);
            savepointCount--;
        }
    }

    /** RELEASE SAVEPOINT completed: what changed since stays, the savepoint and those after it go. */
    void release(String name) {
        int from = indexOfSavepoint(name);
        if (from < 0) {
            from = 0;
        }
        for (int i = steps.size() - 1; i >= from; i--) {
            if (isSavepoint(i)) {
                steps.remove(i);
                savepointCount--;
            }
        }
    }

    /** ROLLBACK TO SAVEPOINT completed: the savepoint stays, what changed since goes. */
    void rollbackTo(String name) {
        int last = indexOfSavepoint(name);
        for (int i = steps.size() - 1; i > last; i--) {
            savepointCount -= isSavepoint(i) ? 1 : 0;
            steps.remove(i);
        }
    }

    /** Returns where the youngest savepoint of a name is, or -1: then it is older than all that is here. */
    private int indexOfSavepoint(String name) {
        for (int i = steps.size() - 1; i >= 0; i--) {
            if (steps.get(i) instanceof SessionCommand.Savepoint savepoint
                    && savepoint.name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private boolean isSavepoint(int i) {
        return steps.get(i) instanceof SessionCommand.Savepoint;
    }

    /** Returns true when the transaction has changed nothing yet. */
    boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Returns how many changes there are. */
    int count() {
        return steps.size() - savepointCount;
    }

    /** Returns true when a channel is entered by one of the changes. */
    boolean enters(String channel) {
        for (SessionCommand step : steps) {
            if (step instanceof SessionCommand.Listen listen && listen.channel().equals(channel)) {
                return true;
            }
        }
        return false;
    }

    /** Makes the changes to a set of channels. */
    void applyTo(Set<String> channels) {
        for (SessionCommand step : steps) {
            if (step instanceof SessionCommand.Listen listen) {
                channels.add(listen.channel());
            } else if (step instanceof SessionCommand.Unlisten unlisten) {
                if (unlisten.channel() == null) {
                    channels.clear();
                } else {
                    channels.remove(unlisten.channel());
                }
            }
        }
    }

    /** The transaction is over. */
    void clear() {
        steps.clear();
        savepointCount = 0;
    }
}
