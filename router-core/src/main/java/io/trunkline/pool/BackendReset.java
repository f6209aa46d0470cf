// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnection.QueryListener;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run of the reset query on a backend nobody holds, with a deadline; ends once, well or not. */
final class BackendReset implements QueryListener {
    private final BackendConnection backend;
    private final Runnable onDone;
    private final Runnable onFailed;
    private final Cancellable deadline;
    private boolean over;

    private BackendReset(
            BackendConnection backend,
            PoolSettings.Reset settings,
            EventLoopClock clock,
            Runnable onDone,
            Runnable onFailed) {
        this.backend = backend;
        this.onDone = onDone;
        this.onFailed = onFailed;
        this.deadline = clock.schedule(settings.timeout().toNanos(), () -> end(onFailed));
    }

    /** Begins the reset; one of the two follows on the event loop, maybe from inside this call. */
    static void run(
            BackendConnection backend,
            PoolSettings.Reset settings,
            EventLoopClock clock,
            Runnable onDone,
            Runnable onFailed) {
        backend.query(
                settings.query(), 1, settings.timeout(), new BackendReset(backend, settings, clock, onDone, onFailed));
    }

    @Override
    public void onRows(List<List<@Nullable String>> rows) {
        if (!over) {
            backend.noteReset();
        }
        end(onDone);
    }

    @Override
    public void onError(ErrorResponse error) {
        end(onFailed);
    }

    private void end(Runnable then) {
        if (!over) {
            over = true;
            deadline.cancel();
            then.run();
        }
    }
}
