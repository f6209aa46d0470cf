// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.copy.RowSplitter;
import io.trunkline.wire.ErrorResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The errors that a COPY FROM over several shards met, of which the client is told one: that of the earliest line, which one server would have come to first.
 *
 * <p>A shard counts the lines that it was sent: its number is replaced by that of the client's line, or marked where that is not remembered any more.
 */
final class CopyErrors {
    /** What a COPY is failed with on the shards that have no error of their own; tells it from those that have. */
    static final String FAILED_ELSEWHERE = "trunkline: failed on another shard";

    /** The context by which a server tells the line, in any language: {@code COPY orders, line 3, column id: "x"}. */
    private static final Pattern LINE = Pattern.compile("^(COPY .+?, \\S+ )(\\d{1,18})(?=[,:]|$)", Pattern.MULTILINE);

    private @Nullable ErrorResponse first;
    private long firstLine = Long.MAX_VALUE;

    /** Adds an error of a line, or without one when {@code line} is the largest number. */
    void add(ErrorResponse error, long line) {
        if (first == null || line < firstLine) {
            first = error;
            firstLine = line;
        }
    }

    /** Adds an error that a shard has answered with. */
    void add(ErrorResponse error, int shard, @Nullable RowSplitter splitter) {
        if (error.message().contains(FAILED_ELSEWHERE)) {
            return;
        }
        String where = error.field(ErrorResponse.WHERE);
        Matcher found = where == null ? null : LINE.matcher(where);
        if (where == null || found == null || splitter == null || !found.find()) {
            add(error, Long.MAX_VALUE);
            return;
        }
        long line = splitter.lineOf(shard, Long.parseLong(found.group(2)));
        String number = line < 0 ? found.group(2) + " of what this shard was sent" : Long.toString(line);
        String told = where.substring(0, found.start(2)) + number + where.substring(found.end(2));
        add(error.with(ErrorResponse.WHERE, told), line < 0 ? Long.MAX_VALUE : line);
    }

    /** Returns the one that is told, or null when there is none. */
    @Nullable
    ErrorResponse first() {
        return first;
    }
}
