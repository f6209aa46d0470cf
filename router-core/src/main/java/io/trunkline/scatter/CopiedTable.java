// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.CopyStatement;
import io.trunkline.wire.DataRow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one shard says of the table that rows are copied into.
 *
 * @param columns those that a COPY without a list of columns gives, in their order; none when there is no such table
 * @param keyType the OID of the key column's type, 0 when it is none of them
 */
record CopiedTable(List<String> columns, int keyType) {
    private static final String REFERENCE = """
            WITH l AS MATERIALIZED (
                SELECT pg_catalog.pg_advisory_xact_lock_shared(%class, 0),
                       pg_catalog.pg_advisory_xact_lock(%class, %table::pg_catalog.oid::pg_catalog.int4))
            SELECT f.name, f.kind FROM l, (
                SELECT ''::pg_catalog.text AS name, 0 AS kind
                UNION ALL
                SELECT pg_catalog.concat('trigger ', t.tgname), 1 FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid = %table AND NOT t.tgisinternal AND t.tgenabled <> 'D'
                UNION ALL
                SELECT pg_catalog.concat('rule ', r.rulename), 1 FROM pg_catalog.pg_rewrite r WHERE r.ev_class = %table
                UNION ALL
                SELECT 'row security, or parents or children', 1 FROM pg_catalog.pg_class c
                WHERE c.oid = %table
                  AND (c.relrowsecurity OR c.relkind <> 'r' OR c.relhassubclass
                       OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid))
                UNION ALL
                SELECT a.attname::pg_catalog.text, 2
                FROM pg_catalog.pg_attribute a
                JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = %table AND a.attnum >= 1 AND NOT a.attisdropped AND a.attgenerated = ''
                  AND (a.attidentity <> '' OR t.typdefault IS NOT NULL
                       OR d.adbin::pg_catalog.text ~ 'funcid|SQLVALUEFUNCTION|NEXTVALUEEXPR')) f""".replaceAll("\\s+", " ").strip();

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

    /**
     * Returns the statement that asks a shard about a reference table, whose copies must stay equal. It waits for the locks that all writers of it
     * take, and keeps them up to the end of the transaction. One row has an empty name; the others name what could make copies differ, behind
     * 1 whatever is copied, behind 2 a column that is not.
     */
    static byte[] referenceQuestion(CopyStatement statement) {
        String sql = REFERENCE
                .replace("%class", Integer.toString(CopyQuestion.LOCK_CLASS))
                .replace("%table", "pg_catalog.to_regclass(" + literal(statement.qualifiedTable()) + ")");
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
        private final List<Integer> numbers = new ArrayList<>();

        /** Takes whole DataRow messages; the buffer is borrowed. */
        void add(ByteBuf rows, int index, int length) {
            int at = index;
            while (at < index + length) {
                int bytes = 1 + rows.getInt(at + 1);
                row.wrap(rows, at, bytes);
                columns.add(rows.toString(row.columnStart(0), row.columnLength(0), StandardCharsets.UTF_8));
                int type = (int) Long.parseLong(
                        rows.toString(row.columnStart(1), row.columnLength(1), StandardCharsets.US_ASCII));
                numbers.add(type);
                at += bytes;
            }
        }

        CopiedTable table() {
            int keyType =
                    numbers.stream().filter(number -> number != 0).findFirst().orElse(0);
            return new CopiedTable(columns, keyType);
        }

        /** Returns what could make copies of a reference table differ when these columns are copied, all of them when there are none; or null. */
        @Nullable
        String difference(List<String> copied) {
            for (int i = 0; i < columns.size(); i++) {
                if (numbers.get(i) == 1) {
                    return "the table has a " + columns.get(i);
                }
                if (numbers.get(i) == 2 && !copied.isEmpty() && !copied.contains(columns.get(i))) {
                    return "column " + columns.get(i) + " is left to a default that each shard would compute";
                }
            }
            return null;
        }
    }
}
