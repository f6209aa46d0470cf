// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.trunkline.error.RouterErrors;

/** How many bytes the elements of the open group have, of all its {@link ElementsValue}s together. */
final class ElementsMemory {
    private final long bytesMax;
    private long bytes;

    ElementsMemory(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /**
     * Counts bytes that are about to be kept.
     *
     * @throws MergeFailure when they are too many
     */
    void take(int added) {
        if (bytes + added > bytesMax) {
            throw new MergeFailure(RouterErrors.mergeMemory(bytes + added, bytesMax));
        }
        bytes += added;
    }

    /** Returns how many are kept. */
    long bytes() {
        return bytes;
    }

    /** Counts bytes that are kept no longer. */
    void giveBack(int released) {
        bytes -= released;
    }
}
