// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.scatter.CopyFacts.Column;
import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.TokenText;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.FrontendTag;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * INSERT into a reference table: the first shard returns the rows it has stored, and the others are given these as values. So defaults, sequences, functions
 * and queries are evaluated once.
 *
 * <p>What the others store is returned as well, and compared with what the first one did. Keeps the rows until then, up to a limit.
 */
final class CopiedRows implements Repetition {
    /** PostgreSQL's limit of parameters. */
    private static final int PARAMETERS_MAX = 65_535;
    /** Of a DataRow: its type, its length and the number of its columns. */
    private static final int ROW_HEADER_BYTES = 7;
    /** Most bytes of rows in one statement. */
    private static final int STATEMENT_BYTES_MAX = 4 * 1024 * 1024;

    private final CopyWrite.SameRows write;
    private final CopyFacts facts;
    private final TokenText text;
    private final long memoryBytesMax;
    /** The values of each row, as they stand in a DataRow and in a Bind, each behind its length in bytes. */
    private final ByteBuf kept;

    private final Map<Integer, Place> places = new HashMap<>();
    private boolean closed;

    /** Where in the rows another shard is. */
    private static final class Place {
        /** Where what it is told next begins. */
        private int told;
        /** Where the row begins that it returns next. */
        private int returned;
    }

    CopiedRows(
            ScatterStatement statement,
            CopyWrite.SameRows write,
            boolean prepares,
            ByteBufAllocator allocator,
            long memoryBytesMax) {
        this.write = write;
        this.facts = new CopyFacts(prepares);
        this.memoryBytesMax = memoryBytesMax;
        this.text = text(statement, write.tokenCount());
        this.kept = allocator.buffer(1_024);
    }

    static TokenText text(ScatterStatement statement, int tokenCount) {
        TokenText text = TokenText.of(
                tokenCount,
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings());
        if (text == null) {
            throw new ScatterRefused(RouteRefusal.UNREADABLE.because("it has other tokens than its shape"));
        }
        return text;
    }

    @Override
    public String question(boolean ofFirst) {
        return CopyQuestion.of(write);
    }

    @Override
    public void answered(int shard, List<List<@Nullable String>> rows) {
        if (shard == 0) {
            facts.answeredFirst(rows, false, true);
        } else {
            facts.answeredOther(rows);
        }
    }

    // the first shard

    @Override
    public byte[] first() {
        String returned = write.returned().isEmpty() ? "" : ", " + text.text(write.returned());
        return (text.text(write.body()) + " RETURNING " + names() + returned).getBytes(StandardCharsets.UTF_8);
    }

    private String names() {
        return facts.columns().stream().map(Column::name).collect(Collectors.joining(", "));
    }

    @Override
    public int writeHiddenFormats(ByteBuf out) {
        facts.columns().forEach(column -> out.writeShort(column.format()));
        return facts.columns().size();
    }

    @Override
    public @Nullable ByteBuf row(ByteBuf buffer, int index, int length) {
        int values = index + ROW_HEADER_BYTES;
        int behind = behindHidden(buffer, values);
        if (kept.readableBytes() + (long) behind - values > memoryBytesMax) {
            throw new Failed(RouterErrors.copiedRowsMemory(memoryBytesMax));
        }
        kept.writeInt(behind - values).writeBytes(buffer, values, behind - values);
        if (write.returned().isEmpty()) {
            return null;
        }
        int seen =
                buffer.getUnsignedShort(values - Short.BYTES) - facts.columns().size();
        int bytes = index + length - behind;
        ByteBuf own = buffer.alloc().buffer(ROW_HEADER_BYTES + bytes);
        own.writeByte(BackendTag.DATA_ROW)
                .writeInt(ROW_HEADER_BYTES - 1 + bytes)
                .writeShort(seen);
        return own.writeBytes(buffer, behind, bytes);
    }

    /** Returns where in a row the columns begin that the client sees. */
    private int behindHidden(ByteBuf row, int values) {
        int index = values;
        for (int i = 0; i < facts.columns().size(); i++) {
            index += Integer.BYTES + Math.max(0, row.getInt(index));
        }
        return index;
    }

    // the others

    @Override
    public boolean repeat(ShardStream shard) {
        Place place = places.computeIfAbsent(shard.index(), index -> new Place());
        int columnCount = facts.columns().size();
        ByteBuf bind = kept.alloc().buffer();
        try {
            int count = 0;
            ByteBuf values = kept.alloc().buffer();
            try {
                while (place.told < kept.writerIndex()
                        && (count + 1) * columnCount <= PARAMETERS_MAX
                        && (count == 0 || values.readableBytes() < STATEMENT_BYTES_MAX)) {
                    int bytes = kept.getInt(place.told);
                    values.writeBytes(kept, place.told + Integer.BYTES, bytes);
                    place.told += Integer.BYTES + bytes;
                    count++;
                }
                if (count == 0) {
                    return false;
                }
                writeBind(bind, count, values);
            } finally {
                values.release();
            }
            shard.run(repeated(count).getBytes(StandardCharsets.UTF_8), new int[0], bind, 0);
            return true;
        } finally {
            bind.release();
        }
    }

    private void writeBind(ByteBuf out, int count, ByteBuf values) {
        int start = out.writerIndex();
        // Unnamed portal, unnamed statement.
        out.writeByte(FrontendTag.BIND).writeInt(0).writeShort(0);
        out.writeShort(count * facts.columns().size());
        for (int i = 0; i < count; i++) {
            writeHiddenFormats(out);
        }
        out.writeShort(count * facts.columns().size()).writeBytes(values);
        out.writeShort(facts.columns().size());
        writeHiddenFormats(out);
        out.setInt(start + 1, out.writerIndex() - start - 1);
    }

    private String repeated(int count) {
        int columnCount = facts.columns().size();
        String rows = IntStream.range(0, count)
                .mapToObj(row -> IntStream.range(0, columnCount)
                        .mapToObj(i -> "$" + (row * columnCount + i + 1))
                        .collect(Collectors.joining(",", "(", ")")))
                .collect(Collectors.joining(","));
        return "INSERT INTO " + text.text(write.target()) + " (" + names() + ") OVERRIDING SYSTEM VALUE VALUES " + rows
                + onConflict() + " RETURNING " + names();
    }

    private String onConflict() {
        CopyWrite.Conflict conflict = write.conflict();
        if (conflict == null) {
            return "";
        }
        String sets = facts.columns().stream()
                .filter(column -> !column.fixed() && !conflict.columns().contains(unquoted(column.name())))
                .map(column -> column.name() + " = EXCLUDED." + column.name())
                .collect(Collectors.joining(", "));
        String target = " ON CONFLICT " + text.text(conflict.range());
        // Where nothing else can change, a row that is there already is written all the same, as on the first shard.
        String only = facts.columns().get(0).name();
        return target + " DO UPDATE SET " + (sets.isEmpty() ? only + " = EXCLUDED." + only : sets);
    }

    private static String unquoted(String name) {
        return name.startsWith("\"") ? name.substring(1, name.length() - 1).replace("\"\"", "\"") : name;
    }

    @Override
    public void repeatedRow(int shard, ByteBuf buffer, int index, int length) {
        Place place = places.get(shard);
        int values = index + ROW_HEADER_BYTES;
        int bytes = length - ROW_HEADER_BYTES;
        if (place == null
                || place.returned >= kept.writerIndex()
                || kept.getInt(place.returned) != bytes
                || !ByteBufUtil.equals(kept, place.returned + Integer.BYTES, buffer, values, bytes)) {
            throw new ShardsDiffer("it has stored another row than the first shard");
        }
        place.returned += Integer.BYTES + bytes;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            kept.release();
        }
    }
}
