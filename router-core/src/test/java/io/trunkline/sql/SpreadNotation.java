// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A write spread over shards on one line: tables as in {@link ScatterNotation}, keys as in {@link ShardingShapeReaderTest}, ranges in angle brackets. */
final class SpreadNotation {
    private SpreadNotation() {}

    static String read(String sql) {
        ShardingShape shape = ScatterNotation.shape(sql);
        if (shape.spread() == null) {
            Refusal refusal = shape.scatterRefusal() == null ? shape.refusal() : shape.scatterRefusal();
            return refusal == null ? shape.reach().toString() : refusal.code().code();
        }
        return shape.scatterRefusal() == null ? write(shape.spread(), sql) : "both a write and a refusal";
    }

    static SpreadWrite.Rows rows(String sql) {
        return (SpreadWrite.Rows)
                Objects.requireNonNull(ScatterNotation.shape(sql).spread(), sql);
    }

    static TokenText text(SpreadWrite.Rows rows, String sql) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return Objects.requireNonNull(TokenText.of(rows.tokenCount(), bytes, 0, bytes.writerIndex(), true), sql);
    }

    private static String write(SpreadWrite write, String sql) {
        String line = write instanceof SpreadWrite.Rows rows ? write(rows, text(rows, sql)) : "everywhere";
        return line
                + (write.returning() ? " returning" : "")
                + (write.functions().isEmpty() ? "" : " calls" + new TreeSet<>(write.functions()));
    }

    private static String write(SpreadWrite.Rows rows, TokenText text) {
        String each = rows.rows().stream()
                .map(row -> text.text(row.values()) + ShardingShapeReaderTest.render(row.key()))
                .collect(Collectors.joining(" ", "[", "]"));
        return "<" + text.text(rows.head()) + "> " + each
                + (rows.tail().isEmpty() ? "" : " <" + text.text(rows.tail()) + ">")
                + (rows.mayOmitRows() ? " omits" : "");
    }
}
