// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Set;

/**
 * Unquoted words that cannot be what they look like: PostgreSQL's reserved keywords, and those that look like functions and are syntax.
 *
 * @see <a href="https://www.postgresql.org/docs/17/sql-keywords-appendix.html">SQL Key Words</a>
 */
final class Keywords {
    private static final Set<String> RESERVED = Set.of(
            "all",
            "analyse",
            "analyze",
            "and",
            "any",
            "array",
            "as",
            "asc",
            "asymmetric",
            "both",
            "case",
            "cast",
            "check",
            "collate",
            "column",
            "constraint",
            "create",
            "current_catalog",
            "current_date",
            "current_role",
            "current_time",
            "current_timestamp",
            "current_user",
            "default",
            "deferrable",
            "desc",
            "distinct",
            "do",
            "else",
            "end",
            "except",
            "false",
            "fetch",
            "for",
            "foreign",
            "from",
            "grant",
            "group",
            "having",
            "in",
            "initially",
            "intersect",
            "into",
            "lateral",
            "leading",
            "limit",
            "localtime",
            "localtimestamp",
            "not",
            "null",
            "offset",
            "on",
            "only",
            "or",
            "order",
            "placing",
            "primary",
            "references",
            "returning",
            "select",
            "session_user",
            "some",
            "symmetric",
            "system_user",
            "table",
            "then",
            "to",
            "trailing",
            "true",
            "union",
            "unique",
            "user",
            "using",
            "variadic",
            "when",
            "where",
            "window",
            "with");

    /** Words that may stand before a parenthesis without calling anything, or that call nothing but what is built into the grammar. */
    private static final Set<String> SYNTAX = Set.of(
            // operators and clauses that are not reserved
            "between",
            "exists",
            "filter",
            "ilike",
            "is",
            "isnull",
            "like",
            "notnull",
            "over",
            "overlaps",
            "partition",
            "rollup",
            "row",
            "rows",
            "range",
            "groups",
            "similar",
            "sets",
            "cube",
            "grouping",
            "setof",
            "values",
            "within",
            "by",
            "join",
            "inner",
            "full",
            "cross",
            "natural",
            "escape",
            "materialized",
            // expressions of the grammar
            "coalesce",
            "greatest",
            "least",
            "nullif",
            "treat",
            "xmlattributes",
            "xmlconcat",
            "xmlelement",
            "xmlexists",
            "xmlforest",
            "xmlnamespaces",
            "xmlparse",
            "xmlpi",
            "xmlroot",
            "xmlserialize",
            "xmltable",
            "json",
            "json_array",
            "json_arrayagg",
            "json_exists",
            "json_object",
            "json_objectagg",
            "json_query",
            "json_scalar",
            "json_serialize",
            "json_table",
            "json_value",
            "merge_action",
            // types with modifiers
            "bit",
            "char",
            "character",
            "dec",
            "decimal",
            "float",
            "interval",
            "nchar",
            "numeric",
            "precision",
            "time",
            "timestamp",
            "varchar");

    /** Words that name functions and types and nothing else. */
    private static final Set<String> TYPE_OR_FUNCTION = Set.of(
            "authorization",
            "binary",
            "collation",
            "concurrently",
            "cross",
            "current_schema",
            "freeze",
            "full",
            "ilike",
            "inner",
            "is",
            "isnull",
            "join",
            "left",
            "like",
            "natural",
            "notnull",
            "outer",
            "overlaps",
            "right",
            "similar",
            "tablesample",
            "verbose");

    private Keywords() {}

    /** Returns true for a word that, unquoted, never names an object. */
    static boolean isReserved(String word) {
        return RESERVED.contains(word);
    }

    /** Returns true for a word that, unquoted, is none of the grammar's {@code ColId}: no channel, column or cursor has such a name. */
    static boolean isNoColumnName(String word) {
        return RESERVED.contains(word) || TYPE_OR_FUNCTION.contains(word);
    }

    /** Returns true for a word that, unquoted and before a parenthesis, calls no function a user could have made. */
    static boolean isSyntax(String word) {
        return SYNTAX.contains(word) || RESERVED.contains(word);
    }
}
