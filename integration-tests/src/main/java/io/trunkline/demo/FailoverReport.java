// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.demo.FailoverWriter.Acknowledged;
import io.trunkline.demo.FailoverWriter.Failed;
import io.trunkline.demo.FailoverWriter.Step;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What the clients of one shard saw of a failover.
 *
 * @param shard the shard they wrote to
 * @param writers what each of them has seen
 * @param rows the ids that are in the table
 * @param fromNanos when the writing began to count
 * @param promotedNanos when the new primary accepted writes
 */
record FailoverReport(int shard, List<WriterRecord> writers, Set<Long> rows, long fromNanos, long promotedNanos) {

    /** Returns whether nothing happened that must not: a write missing, a connection lost, an error while no transaction was open. */
    boolean isGood() {
        return missing() == 0 && connectionsLost() == 0 && failed().stream().noneMatch(FailoverReport::isUncalledFor);
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("shard ").append(shard).append(": ").append(writers.size()).append(" writing clients\n");
        line(text, "attempts", Integer.toString(acknowledged().size() + failed().size()));
        line(text, "acknowledged", acknowledged().size() + ", of which missing in the table: " + missing());
        line(text, "errors", Integer.toString(failed().size()));
        errorsByKind()
                .forEach((kind, count) -> text.append("    ")
                        .append(kind)
                        .append(": ")
                        .append(count)
                        .append('\n'));
        line(text, "connections lost", Integer.toString(connectionsLost()));
        line(
                text,
                "longest gap",
                millis(longestGapNanos()) + " between two acknowledged writes; after promotion "
                        + millis(gapAfterPromotionNanos()));
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append("  ").append(String.format("%-17s", name)).append(value).append('\n');
    }

    private TreeMap<String, Integer> errorsByKind() {
        TreeMap<String, Integer> counts = new TreeMap<>();
        for (Failed each : failed()) {
            String kind = each.sqlState() + " " + each.step().description();
            if (each.step() == Step.COMMIT) {
                kind += rows.contains(each.id()) ? ", the write is in the table" : ", the write is not in the table";
            }
            counts.merge(kind + " (" + firstLine(each.message()) + ")", 1, Integer::sum);
        }
        return counts;
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    private static boolean isUncalledFor(Failed failed) {
        return failed.step() == Step.BEGIN || failed.step() == Step.CONNECT;
    }

    private List<Acknowledged> acknowledged() {
        return writers.stream()
                .flatMap(writer -> writer.acknowledged().stream())
                .toList();
    }

    private List<Failed> failed() {
        return writers.stream().flatMap(writer -> writer.failed().stream()).toList();
    }

    private int connectionsLost() {
        return writers.stream().mapToInt(WriterRecord::connectionsLost).sum();
    }

    private int missing() {
        Set<Long> missing = new HashSet<>();
        acknowledged().forEach(each -> missing.add(each.id()));
        missing.removeAll(rows);
        return missing.size();
    }

    private long longestGapNanos() {
        long[] times = times();
        long last = fromNanos;
        long longest = 0;
        for (long time : times) {
            longest = Math.max(longest, time - last);
            last = Math.max(last, time);
        }
        return longest;
    }

    /** From the moment the new primary accepted writes to the first write that was acknowledged then. */
    private long gapAfterPromotionNanos() {
        for (long time : times()) {
            if (time >= promotedNanos) {
                return time - promotedNanos;
            }
        }
        return Long.MAX_VALUE;
    }

    private long[] times() {
        return acknowledged().stream().mapToLong(Acknowledged::atNanos).sorted().toArray();
    }

    private static String millis(long nanos) {
        return nanos == Long.MAX_VALUE ? "never" : TimeUnit.NANOSECONDS.toMillis(nanos) + " ms";
    }
}
