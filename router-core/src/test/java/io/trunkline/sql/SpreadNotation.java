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
        return text(rows.tokenCount(), sql);
    }

    private static TokenText text(int tokenCount, String sql) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return Objects.requireNonNull(TokenText.of(tokenCount, bytes, 0, bytes.writerIndex(), true), sql);
    }

    private static String write(SpreadWrite write, String sql) {
        String line = "everywhere";
        if (write instanceof SpreadWrite.Rows rows) {
            line = write(rows, text(rows, sql));
        } else if (write instanceof CopyWrite copy) {
            line = write(copy, text(copy.tokenCount(), sql));
        }
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

    private static String write(CopyWrite write, TokenText text) {
        String used = write.tables().used().size() == 1
                ? ""
                : " using" + new TreeSet<>(write.tables().used());
        String assigned = write.tables().assigned().isEmpty()
                ? ""
                : " sets" + new TreeSet<>(write.tables().assigned());
        if (write instanceof CopyWrite.SameRows rows) {
            String conflict = rows.conflict() == null
                    ? ""
                    : " by " + new TreeSet<>(rows.conflict().columns()) + assigned;
            String returned = rows.returned().isEmpty() ? "" : " <" + text.text(rows.returned()) + ">";
            return "same rows of <" + text.text(rows.target()) + ">" + used + conflict + returned;
        }
        String times = ((CopyWrite.SameWords) write)
                .times().stream()
                        .map(call -> " " + call.function() + "<" + text.text(call.range()) + ">")
                        .collect(Collectors.joining());
        return "same words" + used + times;
    }
}
