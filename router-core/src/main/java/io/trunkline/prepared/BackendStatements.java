// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The router's prepared statements that one backend has, the least recently used first, and what stands in its unnamed statement.
 *
 * <p>A statement counts as present from the moment its Parse is sent; the effect of that Parse takes it out again when it fails.
 */
public final class BackendStatements {
    /** Where "cached plan must not change result type" comes from, whatever the language of the message. */
    private static final String RESULT_CHANGED = "RevalidateCachedQuery";

    private final int limit;
    private final LinkedHashMap<PreparedStatement, Presence> present = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable PreparedStatement unnamed;
    private long pipeline;

    /** A statement on the backend: when it was used last, and whether it must be closed before it can be used again. */
    private static final class Presence {
        private final boolean outdated;
        private long lastUse;

        Presence(boolean outdated, long lastUse) {
            this.outdated = outdated;
            this.lastUse = lastUse;
        }
    }

    /** Creates the statements of a fresh backend. */
    public BackendStatements(int limit) {
        this.limit = limit;
    }

    /** Returns true when the backend has the statement in a form that can be executed, and notes that it is used now. */
    public boolean use(PreparedStatement statement) {
        Presence presence = present.get(statement);
        if (presence == null || presence.outdated) {
            return false;
        }
        presence.lastUse = pipeline;
        return true;
    }

    /** Returns true, and forgets the statement, when the backend has it in an outdated form: it must be closed before it is parsed again. */
    public boolean removeOutdated(PreparedStatement statement) {
        Presence presence = present.get(statement);
        if (presence == null || !presence.outdated) {
            return false;
        }
        present.remove(statement);
        return true;
    }

    /** Notes that a Parse for the statement is being sent. */
    public void add(PreparedStatement statement) {
        present.put(statement, new Presence(false, pipeline));
    }

    /** Notes that the backend has the statement, but must close it before it can be used again. */
    public void addOutdated(PreparedStatement statement) {
        present.put(statement, new Presence(true, pipeline));
    }

    /** Notes that the backend does not have the statement. */
    public void remove(PreparedStatement statement) {
        present.remove(statement);
    }

    /**
     * Notes what an error of a request says of the statement it used. Returns true when it could not be used as it is: it would return other columns
     * now, or the backend has lost it.
     */
    public boolean onError(PreparedStatement statement, ErrorResponse error) {
        if (error.is(SqlState.FEATURE_NOT_SUPPORTED) && RESULT_CHANGED.equals(error.field(ErrorResponse.ROUTINE))) {
            statement.retire();
            return true;
        }
        if (error.is(SqlState.INVALID_SQL_STATEMENT_NAME)) {
            // Something the router did not see has deallocated it, such as a function that ran DEALLOCATE ALL.
            remove(statement);
            return true;
        }
        return false;
    }

    /** Returns a statement that must be closed before another is added, already removed from here; null when there is room. */
    public @Nullable PreparedStatement evict() {
        if (present.size() < limit) {
            return null;
        }
        Iterator<Map.Entry<PreparedStatement, Presence>> eldestFirst =
                present.entrySet().iterator();
        Map.Entry<PreparedStatement, Presence> eldest = eldestFirst.next();
        if (eldest.getValue().lastUse == pipeline) {
            // All of them are used by requests not yet answered: one more for a moment does no harm, closing one would.
            return null;
        }
        PreparedStatement statement = eldest.getKey();
        eldestFirst.remove();
        return statement;
    }

    /** The backend owes nothing any more: what was used so far may be evicted. */
    public void settle() {
        pipeline++;
    }

    /** Returns what the backend's unnamed statement is, or null when unknown. */
    public @Nullable PreparedStatement unnamed() {
        return unnamed;
    }

    /** Notes a Parse of the unnamed statement. */
    public void unnamed(PreparedStatement statement) {
        unnamed = statement;
    }

    /** A simple Query, or a failed Parse, destroys the unnamed statement. */
    public void forgetUnnamed() {
        unnamed = null;
    }

    /** DISCARD ALL or DEALLOCATE ALL was run on the backend. */
    public void clear() {
        present.clear();
        unnamed = null;
    }

    /** Returns how many named statements the backend has. */
    public int size() {
        return present.size();
    }
}
