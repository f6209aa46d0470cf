// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The router's prepared statements that one backend has, the least recently used first, and what stands in its unnamed statement.
 *
 * <p>A statement counts as present from the moment its Parse is sent; the effect of that Parse takes it out again when it fails. The rest of the group is
 * skipped then, but not the groups behind it: what they can rely on is not known before the Parse has been answered.
 */
public final class BackendStatements {
    /** Where "cached plan must not change result type" comes from, whatever the language of the message. */
    private static final String RESULT_CHANGED = "RevalidateCachedQuery";

    private static final long ANSWERED = -1;

    private final int limit;
    private final LinkedHashMap<PreparedStatement, Presence> present = new LinkedHashMap<>(16, 0.75f, true);
    /** Those whose Close has not been answered, with the group it was sent in. */
    private final Map<PreparedStatement, Long> closing = new HashMap<>(0);

    private @Nullable PreparedStatement unnamed;
    /** The group in which the unnamed statement was sent, or {@link #ANSWERED}. */
    private long unnamedGroup = ANSWERED;

    private long pipeline;
    private long group;

    /** A statement on the backend: when it was used last, and whether it must be closed before it can be used again. */
    private static final class Presence {
        private final boolean outdated;
        private long lastUse;
        /** In which its Parse was sent, or {@link #ANSWERED}. */
        private long group;

        Presence(boolean outdated, long lastUse, long group) {
            this.outdated = outdated;
            this.lastUse = lastUse;
            this.group = group;
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
        present.put(statement, new Presence(false, pipeline, group));
    }

    /** Notes that the backend has the statement, but must close it before it can be used again. */
    public void addOutdated(PreparedStatement statement) {
        present.put(statement, new Presence(true, pipeline, ANSWERED));
    }

    /** Notes that a Close for the statement is being sent. */
    public void closing(PreparedStatement statement) {
        closing.put(statement, group);
    }

    /** A Close for the statement was answered, or skipped. */
    public void closed(PreparedStatement statement) {
        closing.remove(statement);
    }

    /** A Parse for the statement succeeded. */
    public void parsed(PreparedStatement statement) {
        Presence presence = present.get(statement);
        if (presence != null) {
            presence.group = ANSWERED;
        }
    }

    /** A Parse of the unnamed statement succeeded. */
    public void unnamedParsed(PreparedStatement statement) {
        if (statement == unnamed) {
            unnamedGroup = ANSWERED;
        }
    }

    /** A Sync, Query or FunctionCall is being sent: what follows is executed even if what is before it fails. */
    public void groupEnded() {
        group++;
    }

    /** Returns true when only answers to an earlier group tell whether the backend has the statement. */
    public boolean isAwaited(PreparedStatement statement) {
        Presence presence = present.get(statement);
        if (presence != null && presence.group != ANSWERED && presence.group != group) {
            return true;
        }
        Long closedIn = closing.isEmpty() ? null : closing.get(statement);
        return closedIn != null && closedIn != group;
    }

    /** Returns true when only the answer to an earlier group tells whether the unnamed statement is this one. */
    public boolean isUnnamedAwaited(PreparedStatement statement) {
        return statement == unnamed && unnamedGroup != ANSWERED && unnamedGroup != group;
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
        if (!closing.isEmpty()) {
            closing.clear();
        }
    }

    /** Returns what the backend's unnamed statement is, or null when unknown. */
    public @Nullable PreparedStatement unnamed() {
        return unnamed;
    }

    /** Notes a Parse of the unnamed statement. */
    public void unnamed(PreparedStatement statement) {
        unnamed = statement;
        unnamedGroup = group;
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
