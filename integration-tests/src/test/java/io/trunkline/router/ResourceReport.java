// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.ArrayList;
import java.util.List;

/** What each case used, as a table, and what else was seen. */
final class ResourceReport {
    private static final double MEBI = 1L << 20;

    private final List<String> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    void add(String name, long bytes, long nanos, MemoryWatch.Peak peak) {
        double seconds = nanos / 1e9;
        rows.add("| %-40s | %5.0f | %6.1f | %5.0f | %6.0f | %5.0f | %5.0f | %5.0f | %6.0f |"
                .formatted(
                        name,
                        bytes / MEBI,
                        seconds,
                        bytes / MEBI / seconds,
                        peak.residentStartBytes() / MEBI,
                        peak.residentBytes() / MEBI,
                        peak.residentEndBytes() / MEBI,
                        peak.heapBytes() / MEBI,
                        peak.directBytes() / MEBI));
    }

    void note(String text) {
        notes.add(text);
    }

    @Override
    public String toString() {
        return "Router with -Xmx%dm; MB are 2^20 bytes; peaks while each case ran%n"
                        .formatted(SmallRouter.HEAP_MEBIBYTES)
                + "| %-40s |    MB |      s |  MB/s | before |   RSS | after |  heap | direct |%n".formatted("case")
                + "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
                + String.join("\n", rows)
                + "\n"
                + String.join("\n", notes);
    }
}
