// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;

/** What a {@link SmallRouter} may need, whatever passes through it: each case is measured, judged and reported. Used by one thread at a time. */
final class BoundedMemory {
    private static final long MEBI = 1L << 20;
    /** What network buffers may take: chunks of the allocator, shared by all connections. */
    private static final long DIRECT_MAX_BYTES = 16 * MEBI;
    /** Heap, direct memory, and what the JVM needs beside them. */
    private static final long RESIDENT_MAX_BYTES = 256 * MEBI;
    /** What resident memory may grow by after the warm-up, which need not touch all of the heap. */
    private static final long GROWTH_MAX_BYTES = 48 * MEBI;

    private final SmallRouter router;
    private final ResourceReport report;
    private long residentAtFirst;

    /** What a case does; returns how many bytes passed. */
    interface Work {
        long run() throws Exception;
    }

    BoundedMemory(SmallRouter router, ResourceReport report) {
        this.router = router;
        this.report = report;
    }

    /** From now on resident memory may not grow by much. */
    void warmedUp() {
        residentAtFirst = router.residentBytes();
    }

    /** Runs a case. */
    void measure(String name, Work work) throws Exception {
        MemoryWatch.Peak peak;
        try (MemoryWatch watch = new MemoryWatch(router)) {
            long start = System.nanoTime();
            long bytes = work.run();
            long nanos = System.nanoTime() - start;
            peak = watch.end();
            report.add(name, bytes, nanos, peak);
        }
        assertThat(peak.directBytes()).as("direct memory").isLessThanOrEqualTo(DIRECT_MAX_BYTES);
        assertThat(peak.residentBytes()).as("resident memory").isLessThanOrEqualTo(RESIDENT_MAX_BYTES);
        if (residentAtFirst > 0) {
            assertThat(peak.residentEndBytes() - residentAtFirst)
                    .as("growth of resident memory")
                    .isLessThanOrEqualTo(GROWTH_MAX_BYTES);
        }
    }
}
