// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.CopyStatement;
import io.trunkline.wire.DataRow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What one shard says of the table that rows are copied into.
 *
 * @param columns those that a COPY without a list of columns gives, in their order; none when there is no such table
 * @param keyType the OID of the key column's type, 0 when it is none of them
 */
record CopiedTable(List<String> columns, int keyType) {
    /** Copies the list. */
    CopiedTable {
        columns = List.copyOf(columns);
    }

    /** Returns the statement that asks a shard; a table that is not there gives no row and no error. */
    static byte[] question(CopyStatement statement, String keyColumn) {
        String sql = "SELECT a.attname, CASE WHEN a.attname = " + literal(keyColumn)
                + " THEN a.atttypid::pg_catalog.int8 ELSE 0 END FROM pg_catalog.pg_attribute a"
                + " WHERE a.attrelid = pg_catalog.to_regclass(" + literal(statement.qualifiedTable())
                + ") AND a.attnum >= 1 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum";
        return sql.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns a constant that means the same whatever {@code standard_conforming_strings} says. */
    private static String literal(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        return quoted.contains("\\") ? "E" + quoted.replace("\\", "\\\\") : quoted;
    }

    /** The rows of one answer as they come. */
    static final class Answer {
        private final DataRow row = new DataRow();
        private final List<String> columns = new ArrayList<>();
        private int keyType;

        /** Takes whole DataRow messages; the buffer is borrowed. */
        void add(ByteBuf rows, int index, int length) {
            int at = index;
            while (at < index + length) {
                int bytes = 1 + rows.getInt(at + 1);
                row.wrap(rows, at, bytes);
                columns.add(rows.toString(row.columnStart(0), row.columnLength(0), StandardCharsets.UTF_8));
                int type = (int) Long.parseLong(
                        rows.toString(row.columnStart(1), row.columnLength(1), StandardCharsets.US_ASCII));
                keyType = type == 0 ? keyType : type;
                at += bytes;
            }
        }

        CopiedTable table() {
            return new CopiedTable(columns, keyType);
        }
    }
}
