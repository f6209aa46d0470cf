// SPDX-License-Identifier: Apache-2.0
package io.trunkline.decision;

import java.time.Duration;
import java.util.List;

/** The decisions that a log still keeps, for whoever tidies it up. From any thread; callbacks come on any thread, exactly once. */
public interface KeptDecisions {
    /** Hears what came of {@link #list}: one of the two, once. Must not wait. */
    interface Listener {
        /** These are kept, in no order; maybe not all. */
        void onListed(List<TransactionId> decided);

        /** Nothing is known. */
        void onFailed(String problem);
    }

    /**
     * Lists the decisions on a cluster's transactions that were made so long ago.
     *
     * @param age by the clock of the log, compared with that of this router
     */
    void list(String cluster, Duration age, Listener listener);
}
