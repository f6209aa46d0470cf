// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One query of a {@link ListeningBackend}, with what it changes and who waits for it.
 *
 * <p>It is also a barrier. PostgreSQL signals listening backends before it confirms a NOTIFY, and a backend that was signalled sends what it was
 * signalled for before the ReadyForQuery of a query it reads later: so whatever had been notified when the round began has arrived when it ends.
 *
 * @see <a href="https://github.com/postgres/postgres/blob/REL_17_0/src/backend/commands/async.c">async.c</a>
 */
final class ListeningRound extends ReplyEffect {
    private final ListeningBackend owner;
    final List<Channel> entered;
    final List<Channel> left;
    final List<Subscriber> waiters;
    final List<Runnable> after;
    private final Cancellable deadline;
    private @Nullable ErrorResponse error;

    /**
     * Creates a round that has not begun.
     *
     * @param owner hears of its end
     * @param deadline loses the backend; cancelled by the end
     */
    ListeningRound(
            ListeningBackend owner,
            List<Channel> entered,
            List<Channel> left,
            List<Subscriber> waiters,
            List<Runnable> after,
            Cancellable deadline) {
        this.owner = owner;
        this.entered = entered;
        this.left = left;
        this.waiters = waiters;
        this.after = after;
        this.deadline = deadline;
    }

    @Override
    public void onConfirmed() {
        deadline.cancel();
        owner.onRoundConfirmed(this);
    }

    @Override
    public void onUndone() {
        deadline.cancel();
        owner.onRoundUndone(this);
    }

    @Override
    public ErrorResponse translate(ErrorResponse failed) {
        // The one place where an effect is shown the error of its request.
        error = failed;
        return failed;
    }

    /** Returns what the node answered instead of success, or null. */
    @Nullable
    ErrorResponse error() {
        return error;
    }
}
