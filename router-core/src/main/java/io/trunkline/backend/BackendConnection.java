// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.error.RouterError;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One server connection after login. (Signatures for the pool; the body is being written.) */
public abstract class BackendConnection {

    /** Hears of the end of a backend nobody holds. */
    public interface IdleListener {
        /** The backend closed, or sent something while idle and was closed. */
        void onIdleLost(BackendConnection backend, RouterError cause);
    }

    /** Receives the outcome of an internal query: text rows, or the first error. Called once, on the event loop. */
    public interface QueryListener {
        /** All rows of the (last) result; a null element is SQL NULL. */
        void onRows(List<List<@Nullable String>> rows);

        /** The query failed or the backend was lost. */
        void onError(ErrorResponse error);
    }

    /** Returns whom this backend is connected to and as whom. */
    public abstract BackendTarget target();

    /** Returns the key for cancel requests. */
    public abstract BackendKey key();

    /** Returns the settings this backend carries now. */
    public abstract Settings settings();

    /** Returns why this backend must not go back to the pool, or null when all invariants hold. */
    public abstract @Nullable String releaseViolation();

    /** Returns true while the connection lives. */
    public abstract boolean isOpen();

    /** Marks the backend idle: from now on anything it sends but asynchronous messages closes it and tells the listener. */
    public abstract void becomeIdle(IdleListener listener);

    /** Runs a simple query of the router's own; bounded by {@code maxRows} (more is an error). Only while nobody holds the backend. */
    public abstract void query(String sql, int maxRows, QueryListener listener);

    /** Returns the nanosecond time of login, for lifetime limits. */
    public abstract long openedNanos();

    /** Closes after sending Terminate. Idempotent. */
    public abstract void close(String reason);
}
