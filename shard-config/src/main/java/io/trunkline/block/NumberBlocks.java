// SPDX-License-Identifier: Apache-2.0
package io.trunkline.block;

/**
 * Where numbers are allocated that no two shards may give: one counter for each sequence.
 *
 * <p>From any thread; nothing here waits. Callbacks come on any thread, exactly once, maybe before the call returns.
 */
public interface NumberBlocks {
    /** Hears what came of {@link #allocate}: one of the two, once. Must not wait. */
    interface Listener {
        /** The numbers from {@code start} on, as many as were wanted, are the caller's, and nobody else's ever. */
        void onAllocated(long start);

        /** There is no block; numbers may have been allocated that nobody will ever have. */
        void onFailed(String problem);
    }

    /**
     * Allocates numbers in one piece.
     *
     * <p>A counter that was lost, or set back with the data of another day, would give numbers twice. So it is compared with what the shards hold
     * before the first block that is allocated since the counters could have been lost: without {@link WantedBlock#beyond} that one fails.
     */
    void allocate(SequenceId sequence, WantedBlock wanted, Listener listener);
}
