// SPDX-License-Identifier: Apache-2.0
package io.trunkline.decision;

/**
 * Where it is decided, once and for all, whether a transaction over several shards commits.
 *
 * <p>The router that runs the transaction asks for COMMIT when every participant is prepared; a router that finds a participant left
 * behind asks for ABORT. Whoever asks first has decided, and all others are told that. There is no way to change a decision, and none to look
 * without deciding: between looking and acting somebody else could decide.
 *
 * <p>From any thread; nothing here waits. Callbacks come on any thread, exactly once, maybe before the call returns.
 */
public interface DecisionLog {
    /** What can be decided. */
    enum Decision {
        COMMIT,
        ABORT
    }

    /** Hears what came of {@link #decide}: one of the two, once. Must not wait. */
    interface Listener {
        /** It is decided. This decision holds, whether it is the wanted one or not. */
        void onDecided(Decision decision);

        /** Nothing is known: it may have been decided or not, and may yet be, by this very call. Only asking again tells. */
        void onFailed(String problem);
    }

    /** Decides, unless it is decided already. */
    void decide(TransactionId id, Decision wanted, Listener listener);

    /**
     * Forgets a decision, as well as it goes: the log need not keep it for ever.
     *
     * <p>Only for whoever knows that <em>no</em> participant is prepared, and that none will be: each has said that it has committed or
     * rolled back, and no PREPARE TRANSACTION is without answer. Whoever decides after this, decides anew.
     */
    void forget(TransactionId id);
}
