// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.error.RouterError;
import java.util.function.Consumer;

/** Opens connections to nodes, always on the event loop of the caller. */
public interface BackendConnector {

    /** What became of a connection attempt; called exactly once, on the event loop that asked. */
    interface Listener {
        /** The backend is logged in, quiet and owned by the caller. */
        void onConnected(BackendConnection backend);

        /** The attempt failed; the SQLSTATE tells whether another attempt can help. */
        void onFailed(RouterError error);
    }

    /** Opens a connection and logs in within the connect timeout. */
    void connect(BackendTarget target, Listener listener);

    /**
     * Sends a cancel request for what a backend runs, on a connection of its own to the address the backend is connected to.
     *
     * @param ended hears once what became of it
     */
    void cancel(BackendConnection backend, Consumer<CancelEnd> ended);
}
