// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.Settings;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.StatementKind;
import org.jspecify.annotations.Nullable;

/**
 * Statements that change the session's settings when they complete, and have been read only: what is read behind them is read under the settings of before.
 *
 * <p>Belongs to its {@link SentWork}.
 */
final class PendingSettings {
    private final SessionSettings settings;
    private boolean any;
    /** The search path: under which one what is read now will be run, is not known. */
    private boolean path;
    /** Something else that decides what a text means to a server. */
    private boolean context;

    PendingSettings(SessionSettings settings) {
        this.settings = settings;
    }

    /** A statement was read that changes the settings. */
    void read() {
        any = true;
    }

    /**
     * A command was read that may change the search path, or what else decides what a text means; what follows in its text or group is read before that.
     *
     * @param kind of the statement
     * @param command what it is, or null when it is none of the session
     */
    void read(StatementKind kind, @Nullable SessionCommand command) {
        path |= command != null && command.isOfSearchPath()
                || settings.isPathInFlux() && (kind.endsTransaction() || kind == StatementKind.ROLLBACK_TO_SAVEPOINT);
        context |= command instanceof SessionCommand.Set set && Settings.isOfStatementContext(set.name())
                || command instanceof SessionCommand.Reset reset && Settings.isOfStatementContext(reset.name());
    }

    /** Returns true while a change of any setting is awaited. */
    boolean isAny() {
        return any;
    }

    /** Returns true while it is not known by which search path what is read next will be run. */
    boolean isPath() {
        return path;
    }

    /** Returns true while what is read next may be understood by a server under other settings than the session is known to have. */
    boolean isContext() {
        return path || context;
    }

    /** All has been answered, or nothing will be. */
    void clear() {
        any = false;
        path = false;
        context = false;
    }
}
