// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.TimeFunction;
import java.util.Collection;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What every shard is asked before a reference table is written there.
 *
 * <p>First for locks, which are held until the transaction has ended on that shard: whoever has them on all shards finds all that was written by whoever
 * had them before. They are advisory, for those on tables take rights that a user may not have, and keep others from reading. Then, with a
 * new snapshot, whether the table is one whose copies can be kept equal; rows of one kind each, as {@link CopyFacts} reads them.
 *
 * <p>Everything is named with its schema, so no {@code search_path} can mislead it.
 */
final class CopyQuestion {
    /** The first key of the advisory locks: the letters of the router. */
    static final int LOCK_CLASS = 0x54726b6c;

    private static final int INSERTS = 4;
    private static final int DELETES = 8;
    private static final int UPDATES = 16;

    private static final String LOCKS = """
            SELECT pg_catalog.pg_advisory_xact_lock_shared(%d, 0); \
            SELECT pg_catalog.pg_advisory_xact_lock(%d, t.oid::pg_catalog.int4) FROM (
                SELECT DISTINCT c::pg_catalog.oid FROM pg_catalog.unnest(ARRAY[%s]::pg_catalog.regclass[]) c ORDER BY 1
            ) t(oid);
            """;

    /** What constants, operators and conversions mean depends on these. */
    private static final String SERVER = """
            SELECT 'prepared', pg_catalog.current_setting('max_prepared_transactions'), '', ''
            UNION ALL
            SELECT 'isolation', pg_catalog.current_setting('transaction_isolation'), '', ''
            UNION ALL
            SELECT 'settings', pg_catalog.concat_ws(' ',
                pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('DateStyle'),
                pg_catalog.current_setting('IntervalStyle'), pg_catalog.current_setting('extra_float_digits'),
                pg_catalog.current_setting('bytea_output'), pg_catalog.current_setting('lc_monetary'),
                pg_catalog.current_setting('lc_numeric'), pg_catalog.current_setting('array_nulls'),
                pg_catalog.current_setting('xmloption'), pg_catalog.current_setting('server_encoding'),
                (SELECT d.datcollate::pg_catalog.text FROM pg_catalog.pg_database d
                 WHERE d.datname = pg_catalog.current_database()),
                (SELECT d.datctype::pg_catalog.text FROM pg_catalog.pg_database d
                 WHERE d.datname = pg_catalog.current_database())), '', ''
            """;

    private static final String TABLE = """
            UNION ALL
            SELECT 'problem', p.words, '', ''
            FROM pg_catalog.pg_class c, LATERAL (VALUES
                (c.relkind <> 'r' OR c.relpersistence = 't', 'it is not a plain table'),
                (c.relhassubclass OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
                 'it has parents or children'),
                (EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid), 'it has rules'),
                (EXISTS (SELECT FROM pg_catalog.pg_trigger t
                         WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
                           AND t.tgtype OPERATOR(pg_catalog.&) '%2$d'::pg_catalog.int2 <> '0'::pg_catalog.int2),
                 'it has triggers'),
                (pg_catalog.row_security_active(c.oid), 'it has row security'),
                (EXISTS (SELECT FROM pg_catalog.pg_constraint f
                         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (f.confkey)
                         WHERE f.confrelid = c.oid AND f.contype = 'f' AND (
                               f.confupdtype NOT IN ('a', 'r') AND a.attname IN (%3$s)
                               OR f.confdeltype NOT IN ('a', 'r', 'c') AND %4$s)),
                 'a foreign key changes rows of other tables with it')) p(holds, words)
            WHERE c.oid = %1$s AND p.holds
            UNION ALL
            (SELECT 'column', pg_catalog.quote_ident(a.attname),
                    CASE WHEN t.oid < '16384'::pg_catalog.oid AND t.typsend <> '0'::pg_catalog.oid
                              AND t.typreceive <> '0'::pg_catalog.oid AND t.typname NOT LIKE 'reg%%'
                              AND t.typname NOT LIKE '\\_reg%%' THEN '1'
                         WHEN t.typtype = 'e' OR t.typname LIKE 'reg%%' OR t.typname LIKE '\\_reg%%' THEN '0'
                         WHEN pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 > 0
                              AND pg_catalog.current_setting('DateStyle') LIKE 'ISO%%'
                              AND pg_catalog.current_setting('IntervalStyle') <> 'sql_standard' THEN '0'
                         ELSE '' END,
                    CASE WHEN a.attidentity = 'a' THEN 'fixed' ELSE '' END
             FROM pg_catalog.pg_attribute a
             JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = %1$s AND a.attnum > '0'::pg_catalog.int2 AND NOT a.attisdropped AND a.attgenerated = ''
             ORDER BY a.attnum)
            """;

    /** Whether all that a statement calls gives the same on every server. */
    private static final String WORDS = """
            UNION ALL
            SELECT DISTINCT 'problem', pg_catalog.concat('function ', p.proname, ' is not immutable'), '', ''
            FROM pg_catalog.pg_proc p
            WHERE p.provolatile <> 'i' AND (p.proname IN (%1$s)
                OR p.oid >= '16384'::pg_catalog.oid AND p.pronargs > '0'::pg_catalog.int2 AND p.proname IN (%2$s))
            UNION ALL
            SELECT DISTINCT 'problem', pg_catalog.concat('operator ', o.oprname, ' is not immutable'), '', ''
            FROM pg_catalog.pg_operator o
            JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode::pg_catalog.oid
            WHERE o.oid >= '16384'::pg_catalog.oid AND p.provolatile <> 'i' AND o.oprname IN (%3$s)
            UNION ALL
            SELECT DISTINCT 'problem', 'the database has casts that are not immutable', '', ''
            FROM pg_catalog.pg_cast c
            JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
            WHERE c.oid >= '16384'::pg_catalog.oid AND p.provolatile <> 'i'
            """;

    private CopyQuestion() {}

    /** Returns what is asked before rows are inserted. */
    static String of(CopyWrite.SameRows write) {
        int events = write.conflict() == null ? INSERTS : INSERTS | UPDATES;
        return locks(write) + qualified(SERVER + table(write, events));
    }

    /**
     * Returns what is asked before rows are updated or deleted.
     *
     * @param ofFirst whether the shard is the one that says what time it is
     */
    static String of(CopyWrite.SameWords write, boolean ofFirst) {
        StringBuilder question = new StringBuilder(SERVER + table(write, write.deletes() ? DELETES : UPDATES));
        question.append(WORDS.formatted(
                list(write.functions().stream().map(CopyQuestion::bare).toList()),
                list(write.names()),
                list(write.operators())));
        if (ofFirst) {
            for (TimeFunction function : TimeFunction.values()) {
                question.append(" UNION ALL SELECT 'time', '" + function + "', " + function.question() + ", ''");
            }
        }
        return locks(write) + qualified(question.toString());
    }

    private static String table(CopyWrite write, int events) {
        return TABLE.formatted(
                literal(write.tables().written()) + "::pg_catalog.regclass::pg_catalog.oid",
                events,
                list(write.tables().assigned()),
                (events & DELETES) != 0);
    }

    private static String locks(CopyWrite write) {
        String tables = new TreeSet<>(write.tables().used())
                .stream().map(CopyQuestion::literal).collect(Collectors.joining(", "));
        return LOCKS.formatted(LOCK_CLASS, LOCK_CLASS, tables);
    }

    private static String bare(String function) {
        return function.substring(function.lastIndexOf('.') + 1);
    }

    /** Returns a list for IN that holds nothing else. */
    private static String list(Collection<String> names) {
        return names.isEmpty()
                ? "NULL"
                : names.stream().map(CopyQuestion::literal).collect(Collectors.joining(", "));
    }

    /** Returns a constant that means the same whatever {@code standard_conforming_strings} is. */
    static String literal(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        return value.indexOf('\\') < 0 ? quoted : " E" + quoted.replace("\\", "\\\\");
    }

    private static String qualified(String sql) {
        String qualified = sql;
        for (String operator : new String[] {"=", "<>", "<", ">", ">="}) {
            qualified = qualified.replace(" " + operator + " ", " OPERATOR(pg_catalog." + operator + ") ");
        }
        return qualified;
    }
}
