// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.sql.SessionCommand;
import org.jspecify.annotations.Nullable;

/**
 * What one client makes the router keep from one statement to the next: its prepared statements, its settings with those of its savepoints, and its
 * portals.
 *
 * <p>Counted only where something is about to be added, so that a statement that keeps nothing costs nothing. What passes through is bounded
 * elsewhere: requests that are held, the part of a message that is looked at, and the buffers of both sockets. Belongs to its {@link Session}; the
 * part that no other session shares is told to the worker.
 */
final class KeptMemory {
    private final Session session;
    /** What the worker was told last. */
    private long toldBytes;

    KeptMemory(Session session) {
        this.session = session;
    }

    /** Returns why so many more bytes cannot be kept, or null when they can. */
    @Nullable
    RouterError problem(long moreBytes) {
        long own = session.statements.nameBytes() + session.settings.sizeBytes() + session.portals.nameBytes();
        tell(own);
        long max = session.worker.limits().keptBytesMax();
        return own + session.statements.textBytes() + moreBytes <= max ? null : RouterErrors.keptBytes(max);
    }

    /** Returns why what a command adds by a text of so many bytes cannot be kept, or null when it can, or adds nothing. */
    @Nullable
    RouterError problem(SessionCommand command, int textBytes) {
        boolean adds = command instanceof SessionCommand.Set
                || command instanceof SessionCommand.SetSessionCharacteristics
                || command instanceof SessionCommand.Savepoint
                || command instanceof SessionCommand.Prepare
                || command instanceof SessionCommand.DeclareCursor;
        return adds ? problem(textBytes) : null;
    }

    /** The session has ended. */
    void close() {
        tell(0);
    }

    private void tell(long bytes) {
        session.worker.kept(bytes - toldBytes);
        toldBytes = bytes;
    }
}
