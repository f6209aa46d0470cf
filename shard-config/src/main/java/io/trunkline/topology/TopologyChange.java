// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * One difference between two topologies.
 *
 * @param kind what happened
 * @param subject to what, by names: {@code cluster orders, shard s1, node s1-a}
 * @param before how it was; empty when it was added
 * @param after how it is; empty when it was removed
 */
public record TopologyChange(Kind kind, String subject, String before, String after) {
    /** What happened to the subject. */
    public enum Kind {
        /** It is new. */
        ADDED,
        /** It is gone. */
        REMOVED,
        /** It is different. */
        CHANGED
    }

    /** Returns one line as {@code diff} would mark it: {@code + subject: after}. */
    @Override
    public String toString() {
        return switch (kind) {
            case ADDED -> "+ " + subject + (after.isEmpty() ? "" : ": " + after);
            case REMOVED -> "- " + subject + (before.isEmpty() ? "" : ": " + before);
            case CHANGED -> "~ " + subject + ": " + before + " -> " + after;
        };
    }
}
