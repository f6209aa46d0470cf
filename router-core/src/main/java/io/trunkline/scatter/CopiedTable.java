// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.CopyStatement;
import io.trunkline.wire.DataRow;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What one shard says of the table that rows are copied into.
 *
 * @param columns those that a COPY without a list of columns gives, in their order; none when there is no such table
 * @param keyType the OID of the key column's type, 0 when it is none of them or rounds what it is given
 */
record CopiedTable(List<String> columns, int keyType) {
    /** The numeric, timestamp and timestamptz types, whose precision or scale rounds. */
    private static final String ROUNDING_TYPES = "1700, 1114, 1184";
    /** Type modifiers of a column without precision, and of a timestamp of all six digits; the least of a numeric is greater. */
    private static final String ROUNDING_NOTHING = "-1, 6";

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
                       OR d.adbin::pg_catalog.text ~ 'funcid|SQLVALUEFUNCTION|NEXTVALUEEXPR|COERCEVIAIO')
                UNION ALL
                SELECT pg_catalog.concat('column ', pg_catalog.row_number() OVER (ORDER BY a.attnum), ' ', a.attname, ' ',
                           pg_catalog.format_type(a.atttypid, a.atttypmod)), 3
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = %table AND a.attnum >= 1 AND NOT a.attisdropped
                UNION ALL
                SELECT pg_catalog.concat(s.name, ' ', pg_catalog.current_setting(s.name)), 3
                FROM (VALUES ('TimeZone'), ('DateStyle'), ('IntervalStyle'), ('lc_monetary')) s (name)) f""".replaceAll("\\s+", " ").strip();

    /** Copies the list. */
    CopiedTable {
        columns = List.copyOf(columns);
    }

    /** Returns the statement that asks a shard; a table that is not there gives no row and no error. */
    static byte[] question(CopyStatement statement, String keyColumn) {
        String sql = "SELECT a.attname, CASE WHEN a.attname = " + literal(keyColumn)
                + " AND NOT (a.atttypid IN (" + ROUNDING_TYPES + ") AND a.atttypmod NOT IN (" + ROUNDING_NOTHING + "))"
                + " THEN a.atttypid::pg_catalog.int8 ELSE 0 END FROM pg_catalog.pg_attribute a"
                + " WHERE a.attrelid = pg_catalog.to_regclass(" + literal(statement.qualifiedTable())
                + ") AND a.attnum >= 1 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum";
        return sql.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Returns the statement that asks a shard about a reference table, whose copies must stay equal. It waits for the locks that all writers of it
     * take, and keeps them up to the end of the transaction. One row has an empty name; the others name what could make copies differ, behind
     * 1 whatever is copied, behind 2 a column that is not, behind 3 what must be the same on all of them.
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

        /** Returns what must be the same of a reference table, and where it is read, on all shards. */
        Set<String> common() {
            Set<String> common = new TreeSet<>();
            for (int i = 0; i < columns.size(); i++) {
                if (numbers.get(i) == 3) {
                    common.add(columns.get(i));
                }
            }
            return common;
        }

        /**
         * Returns what could make copies of a reference table differ, or null.
         *
         * @param copied the columns that are copied, all of them when there are none
         * @param givesDefaults whether the data may ask for a default
         */
        @Nullable
        String difference(List<String> copied, boolean givesDefaults) {
            for (int i = 0; i < columns.size(); i++) {
                if (numbers.get(i) == 1) {
                    return "the table has a " + columns.get(i);
                }
                boolean left = givesDefaults || !copied.isEmpty() && !copied.contains(columns.get(i));
                if (numbers.get(i) == 2 && left) {
                    return "column " + columns.get(i) + " is left to a default that each shard would compute";
                }
            }
            return null;
        }
    }
}
