// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A query text in the middle of a buffer, as tests need it. */
record Sql(ByteBuf buffer, int start, int end) {
    static Sql of(String sql) {
        ByteBuf buffer = Unpooled.copiedBuffer("Q...'" + sql + "\0'", StandardCharsets.UTF_8);
        return new Sql(buffer, 5, buffer.writerIndex() - 2);
    }

    SqlScan scan() {
        SqlScan scan = new SqlScan();
        scan.scan(buffer, start, end, true);
        return scan;
    }

    QueryShape shape() {
        return new StatementReader().read(scan(), buffer);
    }

    List<String> statements(SqlScan scan) {
        List<String> statements = new ArrayList<>();
        for (int i = 0; i < scan.statementCount(); i++) {
            statements.add(slice(scan.statementStart(i), scan.statementEnd(i)));
        }
        return statements;
    }

    List<String> literals(SqlScan scan) {
        List<String> literals = new ArrayList<>();
        for (int k = 0; k < scan.literalCount(); k++) {
            literals.add(slice(scan.literalStart(k), scan.literalEnd(k)));
        }
        return literals;
    }

    private String slice(int from, int to) {
        return buffer.toString(from, to - from, StandardCharsets.UTF_8);
    }
}
