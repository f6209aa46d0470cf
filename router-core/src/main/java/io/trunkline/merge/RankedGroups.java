// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.ProtocolViolation;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Complete groups that wait for their place in the final order; of equal ones the earlier comes first.
 *
 * <p>Keeps all, or as many of the best as are wanted, within a limit of bytes.
 */
final class RankedGroups {
    /** About what the objects around a group take. */
    private static final int GROUP_OVERHEAD_BYTES = 160;

    /** A row as the client gets it, and behind it what it is ranked by. */
    private static final class Group {
        private final ByteBuf bytes;
        /** Where the values of the keys begin. */
        private final int[] keyStarts;

        private final long number;

        Group(ByteBuf bytes, int[] keyStarts, long number) {
            this.bytes = bytes;
            this.keyStarts = keyStarts;
            this.number = number;
        }

        long memoryBytes() {
            return bytes.capacity() + (long) Integer.BYTES * keyStarts.length + GROUP_OVERHEAD_BYTES;
        }
    }

    private final GroupPlan plan;
    private final SortKey[] keys;
    private final Comparator<Group> order = this::compare;
    private final PriorityQueue<Group> worstFirst = new PriorityQueue<>(order.reversed());
    private Group[] ranked = {};
    private int next;
    private long addedCount;
    private long memoryBytes;

    RankedGroups(GroupPlan plan) {
        this.plan = plan;
        this.keys = plan.finalOrder().stream().map(FinalKey::key).toArray(SortKey[]::new);
    }

    /** Takes a copy of a group that is complete. */
    void add(OpenGroup open, ByteBuf scratch) {
        Group group = copy(open, scratch);
        worstFirst.add(group);
        memoryBytes += group.memoryBytes();
        if (worstFirst.size() > plan.range().end()) {
            Group worst = worstFirst.remove();
            memoryBytes -= worst.memoryBytes();
            worst.bytes.release();
        }
        if (memoryBytes > plan.memoryBytesMax()) {
            throw new MergeFailure(RouterErrors.mergeMemory(memoryBytes, plan.memoryBytesMax()));
        }
    }

    private Group copy(OpenGroup open, ByteBuf scratch) {
        scratch.clear();
        open.writeRow(scratch);
        int[] keyStarts = new int[keys.length];
        for (int i = 0; i < keys.length; i++) {
            keyStarts[i] = scratch.writerIndex() + Integer.BYTES;
            open.writeKey(scratch, plan.finalOrder().get(i));
        }
        int length = scratch.readableBytes();
        Group group = new Group(scratch.alloc().buffer(length, length).writeBytes(scratch), keyStarts, addedCount++);
        try {
            // Compared with itself a value is checked to its end, so no comparison fails later, half way through
            // sorting.
            compare(group, group);
            return group;
        } catch (ProtocolViolation e) {
            group.bytes.release();
            throw e;
        }
    }

    private int compare(Group a, Group b) {
        for (int i = 0; i < keys.length; i++) {
            int aStart = a.keyStarts[i];
            int bStart = b.keyStarts[i];
            int compared = keys[i].compare(
                    a.bytes,
                    aStart,
                    a.bytes.getInt(aStart - Integer.BYTES),
                    b.bytes,
                    bStart,
                    b.bytes.getInt(bStart - Integer.BYTES));
            if (compared != 0) {
                return compared;
            }
        }
        return Long.compare(a.number, b.number);
    }

    /** No more groups come: they are put in order. */
    void rank() {
        ranked = worstFirst.toArray(new Group[0]);
        worstFirst.clear();
        Arrays.sort(ranked, order);
    }

    /** Returns true when groups in order are left. */
    boolean hasNext() {
        return next < ranked.length;
    }

    /** Leaves out the next group. */
    void skip() {
        left().bytes.release();
    }

    /** Returns the row of the next group; the caller's. */
    ByteBuf next() {
        ByteBuf bytes = left().bytes;
        int messageBytes = 1 + bytes.getInt(1);
        return bytes.slice(0, messageBytes);
    }

    private Group left() {
        Group group = ranked[next++];
        memoryBytes -= group.memoryBytes();
        return group;
    }

    /** Returns how many bytes the groups take that are left. */
    long memoryBytes() {
        return memoryBytes;
    }

    /** Releases all groups. */
    void clear() {
        for (Group group : worstFirst) {
            group.bytes.release();
        }
        worstFirst.clear();
        while (hasNext()) {
            skip();
        }
    }
}
