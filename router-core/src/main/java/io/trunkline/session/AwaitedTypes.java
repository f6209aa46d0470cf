// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import org.jspecify.annotations.Nullable;

/**
 * A Bind that waits until a backend has said which types its parameters have.
 *
 * <p>It may be dropped meanwhile, because an earlier message of its group failed: what is then said of it must not be told to a later one, so
 * every wait has a number. Belongs to its {@link Session}.
 */
final class AwaitedTypes {
    private int number;
    private boolean underWay;
    /** What waits for a backend that can tell them, or null. */
    private @Nullable ShardLeases leases;
    /** Why they cannot be learnt; null when they were, or nothing waits. */
    private @Nullable RouterError problem;

    /** Begins a wait, and returns its number. */
    int begin() {
        underWay = true;
        problem = null;
        return ++number;
    }

    /** The wait is for a backend. */
    void leasing(ShardLeases asked) {
        leases = asked;
    }

    /** The wait of this number is for an answer. */
    void leased(int wait) {
        if (wait == number) {
            leases = null;
        }
    }

    /** Returns true while the answer is awaited. */
    boolean isUnderWay() {
        return underWay;
    }

    /** Notes why the wait of this number is in vain. */
    void failed(int wait, RouterError error) {
        if (wait == number) {
            problem = error;
        }
    }

    /** The wait of this number is over, well or not. */
    void ended(int wait) {
        if (wait == number) {
            underWay = false;
            leases = null;
        }
    }

    /** Returns what {@link #failed} said of the Bind that waits, once. */
    @Nullable
    RouterError takeProblem() {
        RouterError taken = problem;
        problem = null;
        return taken;
    }

    /**
     * Gives up the wait for this reason; what is asked of a backend already is answered to nobody.
     *
     * @return false when nothing waits
     */
    boolean cancel(RouterError error) {
        if (!underWay) {
            return false;
        }
        forget();
        problem = error;
        return true;
    }

    /** The Bind, if one waits, was dropped. */
    void forget() {
        ShardLeases asked = leases;
        leases = null;
        number++;
        underWay = false;
        problem = null;
        if (asked != null) {
            asked.withdraw();
        }
    }
}
