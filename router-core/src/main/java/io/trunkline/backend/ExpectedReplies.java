// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.WireText;
import org.jspecify.annotations.Nullable;

/**
 * The replies one backend still owes, oldest first.
 *
 * <p>PostgreSQL answers requests strictly in order, so this queue decides for each message that arrives whether the client sees it. One per
 * {@link BackendConnection}; confined to its event loop; bounded by {@code limits.expected_replies}.
 *
 * <table>
 *   <caption>What completes an entry</caption>
 *   <tr><th>Reply</th><th>completes the front when it is</th><th>note</th></tr>
 *   <tr><td>{@code 1 2 3}</td><td>PARSE, BIND, CLOSE</td><td>confirms the effect</td></tr>
 *   <tr><td>{@code T n}</td><td>DESCRIBE_STATEMENT, DESCRIBE_PORTAL</td><td>{@code t} precedes it and completes nothing</td></tr>
 *   <tr><td>{@code C I s}</td><td>EXECUTE</td><td>within a QUERY they complete nothing</td></tr>
 *   <tr><td>{@code Z}</td><td>SYNC, QUERY, FUNCTION_CALL</td><td></td></tr>
 *   <tr><td>{@code E}</td><td>none</td><td>extended: drops all up to the next SYNC; QUERY, FUNCTION_CALL and SYNC wait for their {@code Z}</td></tr>
 *   <tr><td>{@code G}</td><td>none</td><td>until CopyDone or CopyFail the backend ignores Sync, so those are not owed a reply</td></tr>
 * </table>
 *
 * @see <a href="https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY">Extended query</a>
 */
public final class ExpectedReplies {

    /** The request an entry stands for. */
    public enum Kind {
        QUERY,
        PARSE,
        BIND,
        DESCRIBE_STATEMENT,
        DESCRIBE_PORTAL,
        EXECUTE,
        CLOSE,
        SYNC,
        FUNCTION_CALL,
        /** CopyDone or CopyFail: owed no reply of its own; ends the stretch in which Sync is ignored. */
        COPY_END;

        /** Returns true for requests of the extended protocol, which are skipped after an error up to Sync. */
        public boolean isExtended() {
            return this != QUERY && this != FUNCTION_CALL && this != SYNC;
        }
    }

    /** What happens to the reply. */
    public enum Action {
        /** The client gets it. */
        FORWARD,
        /** The router asked, the client must not see it; an error is passed on all the same. */
        SWALLOW,
        /** The router asked ahead of a Query of the client's, which fails too when this does: then its error is in the place of the Query's. */
        SWALLOW_AHEAD,
        /** The router asked, and whether it worked concerns its effect alone: the client sees neither reply nor error. */
        IGNORE,
        /** The router asked within the answer to a Query of the client's: of the reply it sees an error and the ReadyForQuery. */
        READY_ONLY,
        /** The backend was not asked: the router answers when the entry reaches the front. */
        SYNTHESIZE,
        /** The backend was made to fail here: the client gets the router's error in place of the backend's. */
        SUBSTITUTE_ERROR;

        /** Returns true when the client gets no ReadyForQuery for it. */
        boolean isUnseen() {
            return this == SWALLOW || this == SWALLOW_AHEAD || this == IGNORE;
        }
    }

    private static final Kind[] KINDS = Kind.values();
    private static final Action[] ACTIONS = Action.values();

    private final int limit;
    private byte[] kinds = new byte[16];
    private byte[] actions = new byte[16];
    private @Nullable ReplyEffect[] effects = new ReplyEffect[16];
    private @Nullable PreparedStatement[] statements = new PreparedStatement[16];
    private @Nullable String[] names = new String[16];
    private int head;
    private int size;
    private boolean skipping;
    private boolean copyingIn;
    /** What went wrong with what was asked ahead of the Query to come. */
    private @Nullable ErrorResponse aheadError;

    /** Creates an empty queue that holds at most {@code limit} entries. */
    public ExpectedReplies(int limit) {
        this.limit = limit;
    }

    /** Returns true when nothing is owed. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Returns the number of entries. */
    public int size() {
        return size;
    }

    /** Returns true when a reply to a request of that kind is owed. */
    public boolean owes(Kind kind) {
        for (int i = 0; i < size; i++) {
            if (kindAt(i) == kind) {
                return true;
            }
        }
        return false;
    }

    /** Returns true when no further entry fits; whoever sends must wait for replies first. */
    public boolean isFull() {
        return size >= limit;
    }

    /** Returns true while the backend ignores everything up to the next Sync that is yet to be sent. */
    public boolean isSkipping() {
        return skipping;
    }

    /** Returns true while the backend reads COPY data. */
    public boolean isCopyingIn() {
        return copyingIn;
    }

    /** Appends what a request that is being sent will be answered with. */
    public void add(Kind kind, Action action, @Nullable ReplyEffect effect) {
        add(kind, action, effect, null, null);
    }

    /** As the other; {@code statement} is what the request uses, {@code name} what the client calls it. */
    public void add(
            Kind kind,
            Action action,
            @Nullable ReplyEffect effect,
            @Nullable PreparedStatement statement,
            @Nullable String name) {
        if (kind == Kind.COPY_END && copyingIn) {
            copyingIn = false;
            return;
        }
        if (kind == Kind.SYNC) {
            if (copyingIn) {
                return;
            }
            skipping = false;
        } else if (skipping) {
            if (effect != null) {
                effect.onSkipped();
            }
            return;
        }
        if (size == kinds.length) {
            grow();
        }
        int tail = (head + size) & (kinds.length - 1);
        kinds[tail] = (byte) kind.ordinal();
        actions[tail] = (byte) action.ordinal();
        effects[tail] = effect;
        statements[tail] = statement;
        names[tail] = name;
        size++;
    }

    /** Returns the kind of the oldest entry; only when not empty. */
    public Kind frontKind() {
        return KINDS[kinds[head]];
    }

    /** Returns the action of the oldest entry; only when not empty. */
    public Action frontAction() {
        return ACTIONS[actions[head]];
    }

    /** Changes what happens to the rest of the oldest entry's reply; only when not empty. */
    void frontAction(Action action) {
        actions[head] = (byte) action.ordinal();
    }

    /** Returns the effect of the oldest entry, or null. */
    public @Nullable ReplyEffect frontEffect() {
        return effects[head];
    }

    /** Returns the prepared statement the oldest entry uses, or null. */
    public @Nullable PreparedStatement frontStatement() {
        return statements[head];
    }

    /**
     * Returns an error of the oldest entry as the client is told it, which may be the same: the router's own in place of one the backend was made to
     * give, else as if the backend had been sent what the client sent, with the client's name for its statement.
     */
    ErrorResponse frontError(ErrorResponse error) {
        ReplyEffect effect = effects[head];
        if (frontAction() == Action.SUBSTITUTE_ERROR && effect instanceof SubstituteError substitute) {
            return substitute.error().response();
        }
        PreparedStatement statement = statements[head];
        String name = names[head];
        ErrorResponse named = statement == null || name == null
                ? error
                : error.replacing(WireText.read(statement.backendName()), name);
        ErrorResponse translated = effect == null ? named : effect.translate(named);
        if (frontAction() == Action.SWALLOW_AHEAD) {
            aheadError = aheadError == null ? translated : aheadError;
        } else if (aheadError != null && isConsequence(error)) {
            return aheadError;
        }
        return translated;
    }

    /** Without its statement, or in a transaction that has failed with it, a Query fails so. */
    private static boolean isConsequence(ErrorResponse error) {
        return error.is(SqlState.INVALID_SQL_STATEMENT_NAME) || error.is(SqlState.IN_FAILED_SQL_TRANSACTION);
    }

    /** Removes the oldest entry and confirms its effect. */
    public void completeFront() {
        ReplyEffect effect = effects[head];
        drop();
        if (effect != null) {
            effect.onConfirmed();
        }
    }

    /** Removes the oldest entry and leaves its effect to the caller. */
    void dropFront() {
        drop();
    }

    /** Removes ends of copies that never began; they wait for nothing. */
    public void dropStrayCopyEnds() {
        while (size > 0 && frontKind() == Kind.COPY_END) {
            drop();
        }
    }

    /**
     * The backend reported an error while the front was being answered: drops what it will now skip, up to the next Sync.
     *
     * <p>An entry that waits for its own ReadyForQuery stays in place.
     */
    public void failFront() {
        copyingIn = false;
        if (size == 0 || !frontKind().isExtended()) {
            return;
        }
        int skipped = 0;
        while (skipped < size && kindAt(skipped) != Kind.SYNC) {
            skipped++;
        }
        undo(skipped, true);
        skipping = size == 0;
    }

    /** The backend began to read COPY data: what it will ignore until the copy ends is owed no reply. */
    public void startCopyIn() {
        int copyEnd = -1;
        for (int i = 1; i < size && copyEnd < 0; i++) {
            if (kindAt(i) == Kind.COPY_END) {
                copyEnd = i;
            }
        }
        int last = copyEnd < 0 ? size - 1 : copyEnd;
        for (int i = last; i >= 1; i--) {
            Kind kind = kindAt(i);
            if (kind == Kind.SYNC || kind == Kind.COPY_END) {
                removeAt(i);
            }
        }
        copyingIn = copyEnd < 0;
    }

    /** Returns how many ReadyForQuery messages are still owed for requests the client made. */
    public int readyForQueryCount() {
        int count = 0;
        for (int i = 0; i < size; i++) {
            Kind kind = kindAt(i);
            boolean answered = kind == Kind.QUERY || kind == Kind.SYNC || kind == Kind.FUNCTION_CALL;
            if (answered && !ACTIONS[actions[(head + i) & (kinds.length - 1)]].isUnseen()) {
                count++;
            }
        }
        return count;
    }

    /** Returns true when the newest requests are of the extended protocol and no Sync follows them yet. */
    public boolean endsWithoutSync() {
        return skipping || size > 0 && kindAt(size - 1).isExtended();
    }

    /** Forgets everything and undoes nothing: the same requests are sent again. */
    public void forgetAll() {
        while (size > 0) {
            drop();
        }
        skipping = false;
        copyingIn = false;
    }

    /** The backend is lost: undoes everything. */
    public void undoAll() {
        undo(size, false);
        skipping = false;
        copyingIn = false;
    }

    /** Undoes the oldest entries, the newest of them first, so that what was built on each other comes apart in order. */
    private void undo(int count, boolean firstFailed) {
        for (int i = count - 1; i >= 0; i--) {
            ReplyEffect effect = effects[(head + i) & (kinds.length - 1)];
            if (effect != null && i > 0 && firstFailed) {
                effect.onSkipped();
            } else if (effect != null) {
                effect.onUndone();
            }
        }
        for (int i = 0; i < count; i++) {
            drop();
        }
    }

    private Kind kindAt(int i) {
        return KINDS[kinds[(head + i) & (kinds.length - 1)]];
    }

    private void drop() {
        if (frontKind() == Kind.QUERY && !frontAction().isUnseen()) {
            // More of the router's may stand between what was asked ahead and the client's Query.
            aheadError = null;
        }
        effects[head] = null;
        statements[head] = null;
        names[head] = null;
        head = (head + 1) & (kinds.length - 1);
        size--;
    }

    private void removeAt(int i) {
        int mask = kinds.length - 1;
        for (int k = i; k < size - 1; k++) {
            int to = (head + k) & mask;
            int from = (head + k + 1) & mask;
            kinds[to] = kinds[from];
            actions[to] = actions[from];
            effects[to] = effects[from];
            statements[to] = statements[from];
            names[to] = names[from];
        }
        size--;
        effects[(head + size) & mask] = null;
        statements[(head + size) & mask] = null;
        names[(head + size) & mask] = null;
    }

    private void grow() {
        int capacity = kinds.length * 2;
        byte[] newKinds = new byte[capacity];
        byte[] newActions = new byte[capacity];
        @Nullable ReplyEffect[] newEffects = new ReplyEffect[capacity];
        @Nullable PreparedStatement[] newStatements = new PreparedStatement[capacity];
        @Nullable String[] newNames = new String[capacity];
        for (int i = 0; i < size; i++) {
            int from = (head + i) & (kinds.length - 1);
            newKinds[i] = kinds[from];
            newActions[i] = actions[from];
            newEffects[i] = effects[from];
            newStatements[i] = statements[from];
            newNames[i] = names[from];
        }
        kinds = newKinds;
        actions = newActions;
        effects = newEffects;
        statements = newStatements;
        names = newNames;
        head = 0;
    }
}
