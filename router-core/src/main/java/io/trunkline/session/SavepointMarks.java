// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The savepoints of one transaction among other things that happen in it, so that it is known what a ROLLBACK TO undoes.
 *
 * <p>Of savepoints {@link #MAX} are followed.
 */
final class SavepointMarks {
    /** As many as are followed for settings; beyond it the oldest are forgotten, so a rollback to one of them undoes more than it must. */
    private static final int MAX = SessionSettings.SAVEPOINTS_MAX;

    private record Mark(String name, long at) {}

    /** The youngest first. */
    private final Deque<Mark> marks = new ArrayDeque<>(0);

    private long count;

    /** Returns the number of something that happens, greater than that of all before. */
    long next() {
        return ++count;
    }

    /** A SAVEPOINT completed. */
    void add(String name) {
        marks.push(new Mark(name, count));
        if (marks.size() > MAX) {
            marks.removeLast();
        }
    }

    /** RELEASE completed: the savepoint and those after it go. */
    void release(String name) {
        Mark found = find(name);
        if (found == null) {
            // It is older than all that are followed.
            marks.clear();
        }
        while (found != null && marks.contains(found)) {
            marks.pop();
        }
    }

    /** ROLLBACK TO completed: the savepoint stays, those after it go; returns the number up to which everything stays. */
    long rollBackTo(String name) {
        Mark found = find(name);
        if (found == null) {
            marks.clear();
            return 0;
        }
        while (marks.peek() != found) {
            marks.pop();
        }
        return found.at;
    }

    private @Nullable Mark find(String name) {
        for (Mark mark : marks) {
            if (mark.name.equals(name)) {
                return mark;
            }
        }
        return null;
    }

    /** The transaction is over. */
    void clear() {
        marks.clear();
        count = 0;
    }
}
