// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.netty.buffer.ByteBuf;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.RowShards;
import io.trunkline.sql.CopyOptions;
import io.trunkline.sql.CopyStatement;
import io.trunkline.wire.ErrorResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The data of one COPY FROM, divided among shards row by row as they come.
 *
 * <p>Bytes go into a window, which begins with the row that is not complete yet; rows leave it unchanged, as many at a time as go to the same shard in turn.
 * How the data are cut into messages changes nothing. A row costs no allocation.
 *
 * <p>Counts lines as servers do, those of the client's data and those of each shard, so that an error of a shard can name the client's line.
 */
public final class RowSplitter {
    /** Bytes of the window, unless a row is longer. */
    static final int WINDOW_BYTES = 1 << 16;

    private static final int SHOWN_BYTES_MAX = 100;

    /** Takes what each shard gets; the bytes are borrowed. */
    public interface Lanes {
        /** Whole rows for one shard. */
        void to(int shard, byte[] bytes, int start, int length);

        /** What every shard gets: a header, or the mark for the end. */
        void toAll(byte[] bytes, int start, int length);
    }

    private final CopyStatement statement;
    private final List<String> columns;
    private final String keyColumn;
    private final RowShards shards;
    private final RowReader rows;
    private final int rowBytesMax;
    private final Lanes lanes;
    private final boolean isBinary;
    private final KeyField key = new KeyField();
    private final LineNumbers[] numbers;
    /** Whether each shard has been sent a line. */
    private final boolean[] begun;

    private byte[] window = new byte[WINDOW_BYTES];
    /** Where the incomplete row begins. */
    private int start;
    /** Behind the last byte. */
    private int limit;
    /** Rows before {@code start} that have not been handed over, all for one shard. */
    private int waitingStart;

    private int waitingShard = RowShards.NONE;
    private boolean headerPending;
    private boolean ended;
    private long line;

    /**
     * Sets it up.
     *
     * @param columns the columns of the data in their order, the key's among them
     * @param shardCount of the cluster
     * @param rowBytesMax a longer row is an error
     */
    public RowSplitter(
            CopyStatement statement,
            List<String> columns,
            String keyColumn,
            RowShards shards,
            int shardCount,
            int rowBytesMax,
            Lanes lanes) {
        this.statement = statement;
        this.columns = List.copyOf(columns);
        this.keyColumn = keyColumn;
        this.shards = shards;
        this.rowBytesMax = rowBytesMax;
        this.lanes = lanes;
        this.isBinary = statement.options().format() == CopyOptions.Format.BINARY;
        this.rows = reader(statement.options(), columns.size(), columns.indexOf(keyColumn));
        this.headerPending = isBinary || statement.options().header();
        this.numbers = new LineNumbers[shardCount];
        this.begun = new boolean[shardCount];
        for (int shard = 0; shard < shardCount; shard++) {
            numbers[shard] = new LineNumbers();
        }
    }

    private RowReader reader(CopyOptions options, int columnCount, int keyIndex) {
        byte[] nullText = options.nullText().getBytes(StandardCharsets.UTF_8);
        byte[] defaultText = bytes(options.defaultText());
        return switch (options.format()) {
            case TEXT -> new TextRows(options.delimiter(), nullText, defaultText, keyIndex);
            case CSV ->
                new CsvRows(
                        options.delimiter(),
                        options.quote(),
                        options.escape(),
                        nullText,
                        defaultText,
                        options.forcedNull().contains(keyColumn),
                        options.forcedNotNull().contains(keyColumn),
                        keyIndex);
            case BINARY -> new BinaryRows(columnCount, keyIndex);
        };
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Takes data; the buffer is borrowed.
     *
     * @throws CopyFailure at a row that has no shard, or that no server takes; nothing more may be taken then
     */
    public void take(ByteBuf in, int index, int length) {
        int from = index;
        int left = length;
        while (left > 0) {
            if (ended) {
                rows.refuseBehindMark();
                return;
            }
            int step = Math.min(room(), left);
            in.getBytes(from, window, limit, step);
            limit += step;
            from += step;
            left -= step;
            split(false);
        }
    }

    /**
     * No further data come.
     *
     * @throws CopyFailure as {@link #take}
     */
    public void end() {
        if (!ended) {
            split(true);
        }
    }

    /** Makes room in the window, and returns how much there is. */
    private int room() {
        if (start == limit) {
            start = 0;
            limit = 0;
        } else if (limit == window.length) {
            if (limit - start >= rowBytesMax) {
                throw new CopyFailure(RouterErrors.copiedRowTooLong(rowBytesMax)).at(where(line + 1));
            }
            byte[] from = window;
            if (limit - start > window.length / 2) {
                window = new byte[(int) Math.min(2L * window.length, rowBytesMax + (long) WINDOW_BYTES)];
            }
            System.arraycopy(from, start, window, 0, limit - start);
            limit -= start;
            start = 0;
        }
        return window.length - limit;
    }

    /** Hands over all rows that are complete. */
    private void split(boolean last) {
        try {
            waitingStart = start;
            while (!ended) {
                boolean knew = rows.knowsLineEnds();
                int end = rows.end(window, start, limit, last);
                if (end == RowReader.MORE) {
                    break;
                }
                if (end == RowReader.MARK) {
                    mark();
                } else if (headerPending) {
                    header(end, knew);
                } else {
                    row(end, knew);
                }
            }
        } catch (CopyFailure failure) {
            // What stands before it may have an error of its own.
            handOver();
            throw failure.error().response().field(ErrorResponse.WHERE) == null ? failure.at(where(line + 1)) : failure;
        }
        handOver();
    }

    private void header(int end, boolean knew) {
        headerPending = false;
        if (!isBinary) {
            int lines = rows.lines(knew);
            line += lines;
            for (int shard = 0; shard < numbers.length; shard++) {
                numbers[shard].note(lines, lines, line);
                begun[shard] = true;
            }
        }
        lanes.toAll(window, start, end - start);
        start = end;
        waitingStart = end;
    }

    private void mark() {
        handOver();
        int behind = rows.behindMark();
        if (isBinary) {
            lanes.toAll(window, start, behind - start);
        }
        ended = true;
        boolean more = limit > behind;
        start = limit;
        waitingStart = limit;
        if (more) {
            rows.refuseBehindMark();
        }
    }

    private void row(int end, boolean knew) {
        rows.key(window, start, key);
        int shard = switch (key.kind()) {
            case VALUE ->
                isBinary
                        ? shards.ofBinary(key.bytes(), key.start(), key.length())
                        : shards.ofText(key.bytes(), key.start(), key.length());
            case NULL -> shards.ofNull();
            case DEFAULT -> shards.ofDefault();
            case MISSING -> RowShards.NONE;
        };
        if (shard == RowShards.NONE) {
            refuse(end, line + rows.lines(knew));
        }
        int lines = rows.lines(knew);
        line += lines;
        numbers[shard].note(rows.lines(begun[shard] && knew), lines, line);
        begun[shard] = true;
        if (shard != waitingShard) {
            handOver();
            waitingShard = shard;
        }
        start = end;
    }

    private void refuse(int end, long ofLine) {
        if (key.kind() != KeyField.Kind.MISSING) {
            throw new CopyFailure(shards.problem()).at(where(ofLine) + ", column " + keyColumn);
        }
        String missing = columns.get(key.fieldCount());
        throw new CopyFailure(RouterErrors.badCopyData("missing data for column \"" + missing + "\"", null))
                .at(where(ofLine) + ": \"" + shown(end) + "\"");
    }

    /** Returns the beginning of the row as a server shows it. */
    private String shown(int end) {
        int content = end;
        while (content > start && (window[content - 1] == '\n' || window[content - 1] == '\r')) {
            content--;
        }
        int length = Math.min(content - start, SHOWN_BYTES_MAX);
        String text = new String(window, start, length, StandardCharsets.UTF_8);
        return length < content - start ? text + "..." : text;
    }

    private String where(long ofLine) {
        return "COPY " + statement.table() + ", line " + ofLine;
    }

    private void handOver() {
        if (start > waitingStart) {
            lanes.to(waitingShard, window, waitingStart, start - waitingStart);
        }
        waitingStart = start;
        waitingShard = RowShards.NONE;
    }

    /** Returns the client's line for a line that a shard counts, or -1 when that is too long ago. */
    public long lineOf(int shard, long shardLine) {
        return numbers[shard].of(shardLine);
    }

    /** Returns the line of the client's data that is being looked at. */
    public long line() {
        return line + 1;
    }

    /** Forgets what is kept of the data. */
    public void close() {
        window = new byte[0];
        start = 0;
        limit = 0;
        ended = true;
    }
}
