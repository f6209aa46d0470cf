// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnection.QueryListener;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run of the reset query on a backend nobody holds, within the limit of the reset; ends once, well or not. */
final class BackendReset implements QueryListener {
    private final BackendConnection backend;
    private final Runnable onDone;
    private final Runnable onFailed;

    private BackendReset(BackendConnection backend, Runnable onDone, Runnable onFailed) {
        this.backend = backend;
        this.onDone = onDone;
        this.onFailed = onFailed;
    }

    /** Begins the reset; one of the two follows on the event loop, maybe from inside this call. */
    static void run(BackendConnection backend, PoolSettings.Reset settings, Runnable onDone, Runnable onFailed) {
        backend.query(settings.query(), 1, settings.timeout(), new BackendReset(backend, onDone, onFailed));
    }

    @Override
    public void onRows(List<List<@Nullable String>> rows) {
        backend.noteReset();
        onDone.run();
    }

    @Override
    public void onError(ErrorResponse error) {
        onFailed.run();
    }
}
