// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the clients of a soak were told of each row they wrote, to be compared with what the table has in the end. */
final class SoakLedger {
    /** What a client knows of a row. */
    enum Fate {
        /** Its transaction was acknowledged. */
        COMMITTED,
        /** Its transaction certainly did not commit. */
        FAILED,
        /** Nobody told. */
        UNKNOWN
    }

    private final AtomicLong next = new AtomicLong(1);
    private final Map<Long, Fate> rows = new ConcurrentHashMap<>();

    /** Returns the first of so many new ids; what becomes of them is unknown so far. */
    long begin(int count) {
        long first = next.getAndAdd(count);
        for (long id = first; id < first + count; id++) {
            rows.put(id, Fate.UNKNOWN);
        }
        return first;
    }

    void end(long first, int count, Fate fate) {
        for (long id = first; id < first + count; id++) {
            rows.put(id, fate);
        }
    }

    long count(Fate fate) {
        return rows.values().stream().filter(one -> one == fate).count();
    }

    /** Returns what the table has or lacks against what clients were told. */
    List<String> contradictions(Set<Long> table) {
        List<String> found = new ArrayList<>();
        rows.forEach((id, fate) -> {
            if (fate == Fate.COMMITTED && !table.contains(id)) {
                found.add("row " + id + " was acknowledged and is missing");
            } else if (fate == Fate.FAILED && table.contains(id)) {
                found.add("row " + id + " was reported as not written and is there");
            }
        });
        for (long id : table) {
            if (!rows.containsKey(id)) {
                found.add("row " + id + " was written by nobody");
            }
        }
        return found;
    }
}
