// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

/**
 * The queries that {@link NodeFacts} are made from; each is a simple query with text results, for majors 14 to 18, that any role may run.
 *
 * <p>They name everything with its schema, so that no {@code search_path} misleads them.
 */
final class FactQueries {
    /** More rows than that are not read. */
    static final int ROWS_MAX = 100_000;

    /** One row: in recovery, version number, clock in milliseconds since 1970. */
    static final String SERVER = """
            SELECT pg_catalog.pg_is_in_recovery(),
                   pg_catalog.current_setting('server_version_num'),
                   (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8""";

    /** Rows: name, value. What changes the results, the order or the text of rows, and the database's own properties. */
    static final String SETTINGS = """
            SELECT s.name, s.setting
            FROM pg_catalog.pg_settings s
            WHERE s.name IN ('server_encoding', 'TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output',
                             'lc_monetary', 'lc_numeric', 'lc_time', 'default_transaction_isolation', 'default_text_search_config',
                             'standard_conforming_strings', 'search_path', 'max_identifier_length', 'block_size',
                             'max_prepared_transactions')
            UNION ALL
            SELECT v.name, v.value
            FROM (SELECT 'search_path of roles and databases' AS name,
                         COALESCE(pg_catalog.string_agg(DISTINCT g.setting, '; '), '') AS value
                  FROM pg_catalog.pg_db_role_setting r
                  CROSS JOIN LATERAL pg_catalog.unnest(r.setconfig) g(setting)
                  WHERE g.setting OPERATOR(pg_catalog.~*) '^search_path=') v
            UNION ALL
            SELECT v.name, v.value
            FROM pg_catalog.pg_database d
            CROSS JOIN LATERAL (VALUES ('lc_collate', d.datcollate::pg_catalog.text),
                                       ('lc_ctype', d.datctype::pg_catalog.text)) v(name, value)
            WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()""";

    /** Rows: name, version. */
    static final String EXTENSIONS = "SELECT e.extname, e.extversion FROM pg_catalog.pg_extension e";

    /** Rows: global identifier, age in seconds. */
    static final String PREPARED = """
            SELECT x.gid, pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) x.prepared))
            FROM pg_catalog.pg_prepared_xacts x
            WHERE x.database OPERATOR(pg_catalog.=) pg_catalog.current_database()""";

    /** Rows: schema, table, column, type with collation, name of the type, not null, default is a sequence; in the order of the columns. */
    static final String COLUMNS = """
            SELECT n.nspname, c.relname, a.attname,
                   pg_catalog.format_type(a.atttypid, a.atttypmod)
                       OPERATOR(pg_catalog.||) CASE WHEN a.attcollation OPERATOR(pg_catalog.<>) t.typcollation
                            THEN ' COLLATE ' OPERATOR(pg_catalog.||)
                                (SELECT o.collname::pg_catalog.text FROM pg_catalog.pg_collation o
                                 WHERE o.oid OPERATOR(pg_catalog.=) a.attcollation)
                            ELSE '' END,
                   t.typname, a.attnotnull,
                   a.attidentity OPERATOR(pg_catalog.<>) '' OR EXISTS (
                       SELECT FROM pg_catalog.pg_attrdef f
                       JOIN pg_catalog.pg_depend p ON p.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                           AND p.objid OPERATOR(pg_catalog.=) f.oid
                           AND p.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                       JOIN pg_catalog.pg_class s ON s.oid OPERATOR(pg_catalog.=) p.refobjid
                           AND s.relkind OPERATOR(pg_catalog.=) 'S'
                       WHERE f.adrelid OPERATOR(pg_catalog.=) c.oid AND f.adnum OPERATOR(pg_catalog.=) a.attnum)
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
              AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
              AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
            ORDER BY n.nspname, c.relname, a.attnum""";

    /** Rows: schema, table, index, column of it or NULL for an expression; in the order of the columns. */
    static final String UNIQUES = """
            SELECT n.nspname, c.relname, x.relname, a.attname
            FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indrelid
            JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts OPERATOR(pg_catalog.-) 1) k
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
                AND a.attnum OPERATOR(pg_catalog.=) i.indkey[k]
                AND a.attnum OPERATOR(pg_catalog.>) 0
            WHERE (i.indisunique OR i.indisexclusion)
              AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
              AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
            ORDER BY n.nspname, c.relname, x.relname, k""";

    /** Rows: schema, table, constraint, schema and name of the table that is referenced, column, column there. */
    static final String FOREIGN_KEYS = """
            SELECT n.nspname, c.relname, k.conname, rn.nspname, r.relname, a.attname, ra.attname
            FROM pg_catalog.pg_constraint k
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) k.conrelid
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) k.confrelid
            JOIN pg_catalog.pg_namespace rn ON rn.oid OPERATOR(pg_catalog.=) r.relnamespace
            CROSS JOIN LATERAL pg_catalog.generate_subscripts(k.conkey, 1) i
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) k.conrelid
                AND a.attnum OPERATOR(pg_catalog.=) k.conkey[i]
            JOIN pg_catalog.pg_attribute ra ON ra.attrelid OPERATOR(pg_catalog.=) k.confrelid
                AND ra.attnum OPERATOR(pg_catalog.=) k.confkey[i]
            WHERE k.contype OPERATOR(pg_catalog.=) 'f' AND NOT c.relispartition AND NOT r.relispartition
            ORDER BY n.nspname, c.relname, k.conname, i""";

    /** Rows: schema, table, trigger. */
    static final String TRIGGERS = """
            SELECT n.nspname, c.relname, t.tgname
            FROM pg_catalog.pg_trigger t
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
            JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
            WHERE NOT t.tgisinternal AND NOT c.relispartition
            ORDER BY n.nspname, c.relname, t.tgname""";

    /** Rows: sequence over shards, how many numbers are left, one more than the greatest. An error where nothing is installed. */
    static final String SEQUENCES = """
            SELECT s.sequence,
                   GREATEST(COALESCE(s.end_count, 0) OPERATOR(pg_catalog.-) COALESCE(s.next_count, 0), 0),
                   s.end_number
            FROM trunkline.sequence_state(ARRAY(
                SELECT pg_catalog.substr(c.relname::pg_catalog.text, 7)
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                WHERE n.nspname OPERATOR(pg_catalog.=) 'trunkline' AND c.relkind OPERATOR(pg_catalog.=) 'S'
                  AND pg_catalog.starts_with(c.relname::pg_catalog.text, 'count_'))) s""";

    private FactQueries() {}
}
