// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * The queries a {@link CatalogSnapshot} is made from; each is a simple query with text results, for majors 14 to 18.
 *
 * <p>They name everything with its schema, so no {@code search_path} can mislead them. Any user may run them: they read what is public in
 * {@code pg_catalog}. Run them in one {@code REPEATABLE READ} transaction or one after the other; a difference between them can only make more
 * reads go to the primary, or be repaired by the next refresh.
 */
public final class CatalogQueries {
    /** More rows are not a catalogue the router will keep in memory; pass this as the limit of the query. */
    public static final int ROWS_MAX = 200_000;

    /**
     * Rows: name, whether any overload is volatile ({@code t} or {@code f}), whether any overload is somebody's own and either not immutable or an
     * aggregate or window function, whose answer is about all the rows it sees.
     *
     * <p>{@code CREATE AGGREGATE} calls every aggregate immutable; what counts are the functions behind it. Objects PostgreSQL brings itself
     * have OIDs below 16,384 (FirstNormalObjectId).
     */
    public static final String FUNCTIONS = """
            SELECT p.proname,
                   pg_catalog.bool_or(p.provolatile OPERATOR(pg_catalog.=) 'v' OR EXISTS (
                       SELECT FROM pg_catalog.pg_aggregate a
                       JOIN pg_catalog.pg_proc s ON s.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
                                                              a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
                       WHERE a.aggfnoid OPERATOR(pg_catalog.=) p.oid AND s.provolatile OPERATOR(pg_catalog.=) 'v')),
                   pg_catalog.bool_or(p.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                                      AND (p.provolatile OPERATOR(pg_catalog.<>) 'i'
                                           OR p.prokind OPERATOR(pg_catalog.<>) 'f'))
            FROM pg_catalog.pg_proc p
            WHERE p.prokind OPERATOR(pg_catalog.<>) 'p'
            GROUP BY p.proname""";

    /**
     * Rows: a name that makes a statement more than a read of tables.
     *
     * <p>Views hide functions; foreign tables ask another server; sequences and unlogged tables are not, or not in the same state, on a replica;
     * a policy of row security may call volatile functions or look into views; parents of such relations inherit the trouble. Materialized views
     * are read like tables. Last, volatile functions of one row-typed argument, which {@code t.name} calls without parentheses.
     */
    public static final String RELATIONS = """
            WITH RECURSIVE opaque(oid) AS (
                SELECT c.oid
                FROM pg_catalog.pg_class c
                WHERE c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                  AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')
                  AND (c.relkind IN ('v', 'f', 'S')
                       OR c.relpersistence OPERATOR(pg_catalog.=) 'u'
                       OR (c.relrowsecurity AND EXISTS (
                           SELECT FROM pg_catalog.pg_policy o
                           WHERE o.polrelid OPERATOR(pg_catalog.=) c.oid
                             AND (o.polqual::pg_catalog.text OPERATOR(pg_catalog.~~) '%{SUBLINK %'
                                  OR EXISTS (
                                      SELECT FROM pg_catalog.regexp_matches(
                                                      o.polqual::pg_catalog.text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') m
                                      JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m[1]::pg_catalog.oid
                                      WHERE p.provolatile OPERATOR(pg_catalog.=) 'v')))))
                UNION
                SELECT i.inhparent
                FROM pg_catalog.pg_inherits i
                JOIN opaque ON opaque.oid OPERATOR(pg_catalog.=) i.inhrelid)
            SELECT c.relname
            FROM opaque
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) opaque.oid
            UNION
            SELECT p.proname
            FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) p.proargtypes[0]
            WHERE p.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
              AND p.provolatile OPERATOR(pg_catalog.=) 'v'
              AND p.pronargs OPERATOR(pg_catalog.>=) 1
              AND p.pronargs OPERATOR(pg_catalog.-) p.pronargdefaults OPERATOR(pg_catalog.<=) 1
              AND t.typtype IN ('c', 'p')""";

    /**
     * Rows: {@code operator} and its name, or the word {@code cast}, {@code domain} or {@code type}: what calls a volatile function without naming
     * one; and the name of a function that may change a parameter of the session, to go by the words of its body, behind {@code setting} when it says
     * so and {@code text} when it runs statements that are text.
     *
     * <p>Behind {@code collation} stands a relation or domain with a collation of its own that is not {@code C}; {@code language} stands there when the
     * database orders texts otherwise than by bytes, {@code encoding} when these are not UTF-8.
     *
     * <p>{@code UPDATE ... SET}, {@code SET LOCAL} and a local {@code set_config} are taken out first. What a function calls in turn is looked for by
     * name, as long as there are not too many to compare.
     */
    public static final String HIDDEN_CALLS = """
            SELECT 'operator', o.oprname::pg_catalog.text
            FROM pg_catalog.pg_operator o
            JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) o.oprcode
            WHERE p.provolatile OPERATOR(pg_catalog.=) 'v'
            UNION
            SELECT 'cast', ''
            FROM pg_catalog.pg_cast c
            JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) c.castfunc
            WHERE p.provolatile OPERATOR(pg_catalog.=) 'v'
            UNION
            SELECT 'domain', ''
            FROM pg_catalog.pg_constraint c,
                 LATERAL pg_catalog.regexp_matches(c.conbin::pg_catalog.text, ':(?:funcid|opfuncid) ([0-9]+)', 'g') m
            JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m[1]::pg_catalog.oid
            WHERE c.contypid OPERATOR(pg_catalog.<>) '0'::pg_catalog.oid AND p.provolatile OPERATOR(pg_catalog.=) 'v'
            UNION
            SELECT 'type', ''
            FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_proc p ON p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend)
            WHERE p.provolatile OPERATOR(pg_catalog.=) 'v'
            UNION
            SELECT 'collation', c.relname::pg_catalog.text
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
            WHERE c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
              AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
              AND a.attcollation NOT IN (0, 100, 950, 951)
            UNION
            SELECT 'collation', t.typname::pg_catalog.text
            FROM pg_catalog.pg_type t
            WHERE t.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid AND t.typcollation NOT IN (0, 100, 950, 951)
            UNION
            SELECT 'language', ''
            FROM pg_catalog.pg_database d
            WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
              AND CASE COALESCE(pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'datlocprovider', 'c')
                      WHEN 'c' THEN d.datcollate NOT IN ('C', 'POSIX')
                      WHEN 'b' THEN false
                      ELSE true END
            UNION
            SELECT 'encoding', ''
            WHERE pg_catalog.getdatabaseencoding() NOT IN ('UTF8', 'SQL_ASCII')
            UNION ALL
            (WITH RECURSIVE own AS (
                SELECT p.proname,
                       pg_catalog.regexp_replace(
                           pg_catalog.lower(p.prosrc),
                           '\\mupdate\\M[^;]*?\\mset\\M|\\mset\\s+local\\M|\\mset_config\\s*\\([^;]*?,\\s*true\\s*\\)',
                           '', 'g') AS body,
                       pg_catalog.count(*) OVER () OPERATOR(pg_catalog.<=) 2000 AS comparable
                FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
                WHERE p.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                  AND l.lanname NOT IN ('c', 'internal')),
            changing(change, name) AS (
                SELECT c.change, o.proname
                FROM own o
                JOIN (VALUES ('setting', '\\m(set|set_config|reset|discard|load)\\M'),
                             ('text', '\\m(execute|query_to_xml|query_to_xmlschema|ts_stat)\\M')) c(change, words)
                     ON o.body OPERATOR(pg_catalog.~) c.words
                UNION
                SELECT c.change, o.proname
                FROM changing c
                JOIN own o ON o.comparable
                          AND CASE WHEN pg_catalog.strpos(o.body, pg_catalog.lower(c.name::pg_catalog.text))
                                        OPERATOR(pg_catalog.>) 0
                                   THEN o.body OPERATOR(pg_catalog.~) pg_catalog.concat(
                                            '(^|\\W)',
                                            pg_catalog.regexp_replace(
                                                pg_catalog.lower(c.name::pg_catalog.text), '(\\W)', '\\\\\\1', 'g'),
                                            '($|\\W)')
                                   ELSE false END)
            SELECT c.change, c.name::pg_catalog.text FROM changing c)""";

    /**
     * Rows: {@code function}, {@code attribute} or {@code operator}, the name of one that may read or write tables, and nothing; or {@code read} or
     * {@code write}, the name of a relation with which a statement that reads or writes it does more than it says, and what does that.
     *
     * <p>Tables are touched by what is volatile or stable and has in its body a word without which SQL reads or writes no table; by what calls such a
     * function by name; and by what has no body to look into, but for some extensions that are known. A function, or a rule, whose comment says
     * {@code trunkline: local} is taken at its word. Functions named {@code attribute} are called by {@code t.name} too. What a write of a table reaches, its partitions,
     * children and tables that a foreign key writes with it, counts as that table's.
     */
    public static final String TABLE_USES = """
            WITH RECURSIVE own AS (
                SELECT p.oid, p.proname, p.prokind, l.lanname,
                       pg_catalog.regexp_replace(
                           pg_catalog.lower(COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)),
                           '\\mdistinct\\s+from\\M|\\mextract\\s*\\(\\s*\\w+\\s+from\\M', '', 'g') AS body,
                       pg_catalog.count(*) OVER () OPERATOR(pg_catalog.<=) 2000 AS comparable
                FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
                WHERE p.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                  AND p.provolatile OPERATOR(pg_catalog.<>) 'i'
                  AND p.prokind IN ('f', 'w')
                  AND COALESCE(pg_catalog.obj_description(p.oid, 'pg_proc'), '')
                          OPERATOR(pg_catalog.!~) '\\mtrunkline:\\s*local\\M'
                  AND NOT EXISTS (
                      SELECT FROM pg_catalog.pg_depend d
                      JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
                      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid OPERATOR(pg_catalog.=) p.oid
                        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
                        AND d.deptype OPERATOR(pg_catalog.=) 'e'
                        AND e.extname IN ('btree_gin', 'btree_gist', 'citext', 'cube', 'earthdistance', 'fuzzystrmatch',
                                          'hstore', 'insert_username', 'intarray', 'isn', 'ltree', 'moddatetime',
                                          'pg_trgm', 'pgcrypto', 'postgis', 'seg', 'unaccent', 'uuid-ossp', 'vector'))),
            touching(name) AS (
                SELECT o.proname
                FROM own o
                WHERE NOT o.comparable
                   OR o.lanname NOT IN ('sql', 'plpgsql')
                   OR o.body OPERATOR(pg_catalog.~) '\\m(from|table|insert|update|delete|merge|execute|call|do|copy|truncate|lock|alter|drop|create|query_to_xml\\w*|table_to_xml\\w*|cursor_to_xml\\w*|schema_to_xml\\w*|database_to_xml\\w*|ts_stat|ts_rewrite)\\M'
                UNION
                SELECT o.proname
                FROM touching t
                JOIN own o ON CASE WHEN pg_catalog.strpos(o.body, pg_catalog.lower(t.name::pg_catalog.text))
                                        OPERATOR(pg_catalog.>) 0
                                   THEN o.body OPERATOR(pg_catalog.~) pg_catalog.concat(
                                            '(^|\\W)',
                                            pg_catalog.regexp_replace(
                                                pg_catalog.lower(t.name::pg_catalog.text), '(\\W)', '\\\\\\1', 'g'),
                                            '($|\\W)')
                                   ELSE false END),
            aggregates AS (
                SELECT p.oid, p.proname
                FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_aggregate a ON a.aggfnoid OPERATOR(pg_catalog.=) p.oid
                JOIN own s ON s.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
                                        a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
                JOIN touching t ON t.name OPERATOR(pg_catalog.=) s.proname),
            functions AS (
                SELECT o.oid, o.proname
                FROM own o
                JOIN touching t ON t.name OPERATOR(pg_catalog.=) o.proname
                UNION
                SELECT oid, proname FROM aggregates),
            steps(upper, lower) AS (
                SELECT i.inhparent, i.inhrelid
                FROM pg_catalog.pg_inherits i
                UNION
                SELECT k.confrelid, k.conrelid
                FROM pg_catalog.pg_constraint k
                WHERE k.contype OPERATOR(pg_catalog.=) 'f'
                  AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))),
            below(upper, lower) AS (
                SELECT s.upper, s.lower
                FROM steps s
                UNION
                SELECT b.upper, s.lower
                FROM below b
                JOIN steps s ON s.upper OPERATOR(pg_catalog.=) b.lower),
            written(upper, lower) AS (
                SELECT c.oid, c.oid
                FROM pg_catalog.pg_class c
                UNION
                SELECT b.upper, b.lower
                FROM below b)
            SELECT 'function', f.proname::pg_catalog.text, ''
            FROM functions f
            UNION
            SELECT 'attribute', f.proname::pg_catalog.text, ''
            FROM functions f
            JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) f.oid
            JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) p.proargtypes[0]
            WHERE p.pronargs OPERATOR(pg_catalog.>=) 1
              AND p.pronargs OPERATOR(pg_catalog.-) p.pronargdefaults OPERATOR(pg_catalog.<=) 1
              AND t.typtype IN ('c', 'p')
            UNION
            SELECT 'operator', o.oprname::pg_catalog.text, ''
            FROM pg_catalog.pg_operator o
            JOIN functions f ON f.oid OPERATOR(pg_catalog.=) o.oprcode
            UNION
            SELECT 'write', c.relname::pg_catalog.text,
                   pg_catalog.concat('trigger ', g.tgname, ' calls ', f.proname)
            FROM pg_catalog.pg_trigger g
            JOIN functions f ON f.oid OPERATOR(pg_catalog.=) g.tgfoid
            JOIN written w ON w.lower OPERATOR(pg_catalog.=) g.tgrelid
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.upper
            WHERE NOT g.tgisinternal AND g.tgenabled OPERATOR(pg_catalog.<>) 'D'
            UNION
            SELECT 'write', c.relname::pg_catalog.text, pg_catalog.concat('rule ', r.rulename)
            FROM pg_catalog.pg_rewrite r
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.ev_class
            WHERE c.relkind IN ('r', 'p') AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
              AND r.ev_enabled OPERATOR(pg_catalog.<>) 'D'
              AND COALESCE(pg_catalog.obj_description(r.oid, 'pg_rewrite'), '')
                      OPERATOR(pg_catalog.!~) '\\mtrunkline:\\s*local\\M'
            UNION
            SELECT 'write', c.relname::pg_catalog.text,
                   pg_catalog.concat('default of ', a.attname, ' calls ', f.proname)
            FROM pg_catalog.pg_depend d
            JOIN functions f ON f.oid OPERATOR(pg_catalog.=) d.refobjid
            JOIN pg_catalog.pg_attrdef e ON e.oid OPERATOR(pg_catalog.=) d.objid
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) e.adrelid
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) e.adrelid
                                          AND a.attnum OPERATOR(pg_catalog.=) e.adnum
            WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass
              AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            UNION
            SELECT 'write', c.relname::pg_catalog.text,
                   pg_catalog.concat('constraint ', k.conname, ' calls ', f.proname)
            FROM pg_catalog.pg_depend d
            JOIN functions f ON f.oid OPERATOR(pg_catalog.=) d.refobjid
            JOIN pg_catalog.pg_constraint k ON k.oid OPERATOR(pg_catalog.=) d.objid
            JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) k.conrelid
                                           OR k.contypid OPERATOR(pg_catalog.<>) '0'::pg_catalog.oid
                                          AND a.atttypid OPERATOR(pg_catalog.=) k.contypid
            JOIN written w ON w.lower OPERATOR(pg_catalog.=) a.attrelid
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) w.upper
            WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass
              AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            UNION
            SELECT 'read', c.relname::pg_catalog.text, pg_catalog.concat('policy ', y.polname)
            FROM pg_catalog.pg_policy y
            JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) y.polrelid AND c.relrowsecurity
            WHERE pg_catalog.concat(y.polqual::pg_catalog.text, y.polwithcheck::pg_catalog.text)
                      OPERATOR(pg_catalog.~~) '%{SUBLINK %'
               OR EXISTS (
                   SELECT FROM pg_catalog.pg_depend d
                   JOIN functions f ON f.oid OPERATOR(pg_catalog.=) d.refobjid
                   WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_policy'::pg_catalog.regclass
                     AND d.objid OPERATOR(pg_catalog.=) y.oid
                     AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass)""";

    /**
     * Returns the query for what schemas that are whole on one shard make worth knowing. Rows: {@code relation} and the name of one that is in another
     * schema, or {@code path} when a role, a database or the server has a search path of its own.
     */
    public static String spreadNames(Collection<String> placedSchemas) {
        String schemas = quoted(placedSchemas);
        return """
                SELECT DISTINCT 'relation', c.relname::pg_catalog.text
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')
                  AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.!~) '^pg_'
                  AND n.nspname::pg_catalog.text NOT IN ('information_schema', %s)
                UNION ALL
                SELECT 'path', ''
                WHERE pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) '"$user", public'
                   OR EXISTS (
                       SELECT FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS setting
                       WHERE setting OPERATOR(pg_catalog.~*) '^search_path=')""".formatted(schemas);
    }

    /**
     * Returns the query for what shards should have in common. Rows: {@code table} or {@code function}, its name with its schema, and a number that stands
     * for its columns with their order, types and collations, or for what the function says. Left out are schemas that are whole on one shard,
     * partitions, extensions, and what gives ids, which tells shards apart.
     */
    public static String definitions(Collection<String> placedSchemas) {
        String schemas = placedSchemas.isEmpty() ? "''" : quoted(placedSchemas);
        return """
                SELECT 'table', pg_catalog.concat(n.nspname, '.', c.relname),
                       pg_catalog.hashtextextended(
                           pg_catalog.string_agg(
                               pg_catalog.concat_ws(' ', pg_catalog.quote_ident(a.attname),
                                   pg_catalog.format_type(a.atttypid, a.atttypmod), o.collname),
                               ', ' ORDER BY a.attnum) COLLATE pg_catalog."C", 0)
                FROM pg_catalog.pg_attribute a
                JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
                JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                LEFT JOIN pg_catalog.pg_collation o ON o.oid OPERATOR(pg_catalog.=) a.attcollation
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
                  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
                  AND c.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                  AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
                  AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.!~) '^pg_'
                  AND n.nspname::pg_catalog.text NOT IN ('trunkline', %1$s)
                  AND NOT EXISTS (
                      SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                        AND d.objid OPERATOR(pg_catalog.=) c.oid AND d.deptype OPERATOR(pg_catalog.=) 'e')
                GROUP BY n.nspname, c.relname
                UNION ALL
                SELECT 'function',
                       pg_catalog.concat(
                           n.nspname, '.', p.proname, '(', pg_catalog.pg_get_function_identity_arguments(p.oid), ')'),
                       pg_catalog.hashtextextended(
                           pg_catalog.concat_ws(' ', p.prokind, p.provolatile, p.proretset, l.lanname,
                               pg_catalog.format_type(p.prorettype, NULL), p.prosrc,
                               pg_catalog.pg_get_function_sqlbody(p.oid)) COLLATE pg_catalog."C", 0)
                FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
                JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
                WHERE p.oid OPERATOR(pg_catalog.>=) '16384'::pg_catalog.oid
                  AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.!~) '^pg_'
                  AND n.nspname::pg_catalog.text NOT IN ('trunkline', %1$s)
                  AND NOT EXISTS (
                      SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e')""".formatted(schemas);
    }

    /** Says what it says whatever standard_conforming_strings is. */
    private static String quoted(Collection<String> names) {
        return names.stream()
                .sorted()
                .map(name -> "E'" + name.replace("\\", "\\\\").replace("'", "''") + "'")
                .collect(Collectors.joining(", "));
    }

    private CatalogQueries() {}
}
