// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.Locale;

/**
 * The catalogue of reasons why a statement is not run on a sharded cluster. Codes are stable: they are documented, counted and searched for.
 *
 * <p>A refused statement gets SQLSTATE {@code 0A000}; the code stands in DETAIL.
 */
public enum RefusalCode {
    /** The router's reader does not understand the statement well enough. */
    UNREADABLE("TL0101", "statement cannot be read well enough to find its shard", Hints.NAME_THE_SHARD),
    /** Larger than the router reads. */
    TOO_LARGE("TL0102", "statement is too large to find its shard", Hints.NAME_THE_SHARD),
    /** Deeper than the router reads. */
    TOO_DEEP("TL0103", "statement is nested too deeply to find its shard", Hints.NAME_THE_SHARD),
    /** The tree and the text disagree. */
    AMBIGUOUS_TEXT("TL0104", "statement uses syntax the router reads only in part", Hints.NAME_THE_SHARD),
    /** The topology has no such relation. */
    UNKNOWN_RELATION(
            "TL0105",
            "relation is not in the topology",
            "Add the table to the topology as sharded or reference, qualify it with its schema, or name the shard: /* trunkline: shard=... */."),
    /** No predicate tells the key. */
    NO_KEY(
            "TL0106",
            "statement does not name the sharding key",
            "Compare the key column with a value by =, IN or = ANY, or name the shard: /* trunkline: shard=... */."),
    /** Several shards would have to answer. */
    SEVERAL_SHARDS(
            "TL0107",
            "statement needs rows of several shards",
            "Run one statement for each shard, or restrict the key to one value."),
    /** Sharded tables that nothing ties together. */
    NOT_COLOCATED(
            "TL0108",
            "sharded tables are not joined by their keys",
            "Join tables of one distribution by their key columns, or compare each key with the same value."),
    /** INSERT without a list of columns. */
    INSERT_WITHOUT_COLUMNS(
            "TL0109", "insert into a sharded table has no list of columns", "Write INSERT INTO table (column, ...)."),
    /** INSERT that leaves the key to a default. */
    INSERT_WITHOUT_KEY(
            "TL0110",
            "insert does not give the sharding key",
            "Give the key column a parameter or a constant; SELECT trunkline.next_id() gives an id first."),
    /** INSERT whose key is computed. */
    INSERT_COMPUTED_KEY(
            "TL0111",
            "sharding key of an insert is not a parameter or constant",
            "Compute the key in the client, or SELECT it first, and pass it as a parameter."),
    /** INSERT ... SELECT into a sharded table, of rows that may not lie where they belong. */
    INSERT_SELECT(
            "TL0112",
            "insert from a query whose rows may belong to another shard than that they are found on",
            "Select the key column of a sharded table of the same distribution for the key, or read the rows first and insert them by INSERT ... VALUES."),
    /** UPDATE of the key. */
    KEY_UPDATE(
            "TL0113",
            "update may move rows to another shard",
            "Give the old and the new key as values of one shard, or delete the row and insert it with its new key."),
    /** MERGE. */
    MERGE("TL0114", "merge into a sharded cluster", "Write INSERT ... ON CONFLICT, UPDATE or DELETE with the key."),
    /** DDL, TRUNCATE, LOCK, maintenance. */
    ALL_SHARDS(
            "TL0115",
            "statement would have to run on every shard",
            "Run it on each shard: /* trunkline: shard=... */."),
    /** A statement that writes a reference table and reads or writes a sharded one. */
    REFERENCE_WRITE_WITH_SHARDED(
            "TL0116", "statement writes a reference table and uses a sharded one", "Split the statement in two."),
    /** COPY. */
    COPY("TL0117", "copy on a sharded cluster", "Name the shard: /* trunkline: shard=... */."),
    /** Server-side code or statements whose content the router does not see. */
    HIDDEN_STATEMENT("TL0118", "statement runs other statements the router cannot see", Hints.NAME_THE_SHARD),
    /** LISTEN and NOTIFY. */
    NOTIFICATION("TL0119", "notifications do not cross shards", "Name the shard: /* trunkline: shard=... */."),
    /** Something else than one SELECT that sends its rows to the client. */
    NOT_A_PLAIN_QUERY(
            "TL0120",
            "statement of this kind runs on one shard only",
            "Restrict the key to one value, or name the shard: /* trunkline: shard=... */."),
    /** A clause whose meaning is lost when the query is run in parts. */
    CLAUSE_ACROSS_SHARDS(
            "TL0121", "query over several shards has a clause that needs all rows in one place", Hints.SIMPLER_OR_KEY),
    /** The text and the tree show different clauses. */
    CLAUSES_UNCLEAR("TL0122", "clauses of a query over several shards cannot be told apart", Hints.SIMPLER_OR_KEY),
    /** A relation that is not the same on every shard, and no sharded table of the FROM either. */
    RELATION_ACROSS_SHARDS(
            "TL0123",
            "query over several shards reads a relation or column that differs from shard to shard",
            "Read only sharded and reference tables, under the names of their columns, or restrict the key to one value."),
    /** Each shard has a copy of each row of a reference table: whoever locks one of them does not meet who locks another. */
    REFERENCE_LOCK(
            "TL0137",
            "query locks rows of a reference table beside those of sharded ones",
            "Lock rows of sharded tables alone: FOR UPDATE OF ..., and those of reference tables by a query of their own."),
    /** Joined rows may lie on several shards. */
    JOIN_ACROSS_SHARDS(
            "TL0124",
            "query over several shards joins rows of different shards",
            "Join sharded tables by equality of their keys in ON or WHERE, reference tables by INNER JOIN or behind LEFT JOIN."),
    /** A sub-query whose rows are not the same on every shard. */
    SUBQUERY_ACROSS_SHARDS(
            "TL0125",
            "query over several shards has a sub-query that may differ from shard to shard",
            "Tie sub-queries of sharded tables to the row around them by equality of keys, or look for the key with IN; read reference tables without LIMIT."),
    /** An aggregate that the values of the shards do not give. */
    AGGREGATE_ACROSS_SHARDS(
            "TL0126",
            "aggregate over several shards cannot be put together",
            "Use count, sum, min, max, avg, stddev, variance, bool_, bit_ or JSON aggregates, array_agg, string_agg, percentiles or mode, or group by the key."),
    /** A grouping, DISTINCT or HAVING that the groups of the shards do not give. */
    GROUP_ACROSS_SHARDS(
            "TL0127",
            "groups over several shards cannot be put together",
            "Select what is grouped by, aggregates, and expressions of PostgreSQL's own functions over those; or group by the key as well."),
    /** An order that the router cannot keep when it merges rows. */
    ORDER_ACROSS_SHARDS(
            "TL0128",
            "order over several shards cannot be kept",
            "Order by columns of the select list, by their name or position."),
    /** LIMIT or OFFSET that is computed. */
    ROW_COUNT_ACROSS_SHARDS(
            "TL0129",
            "limit over several shards is not a number or parameter",
            "Write LIMIT and OFFSET with a whole number or a parameter."),
    /** A write with a part that would have to run once for all shards. */
    WRITE_ACROSS_SHARDS(
            "TL0130",
            "write of this form runs on one shard only",
            "Write it without WITH, or restrict the key to one value."),
    /** INSERT that is not a list of rows to divide. */
    INSERT_ACROSS_SHARDS(
            "TL0131",
            "insert has no list of rows that could be divided among shards",
            "Write INSERT ... VALUES with a row for each key."),
    /** A value whose row cannot go to its shard by itself. */
    VALUES_ACROSS_SHARDS(
            "TL0132",
            "rows to insert on several shards have a value that is not computed from its row alone",
            "Give parameters, constants, or expressions of PostgreSQL's own functions that return one value."),
    /** COPY TO of a query whose rows cannot stand one behind the other, shard by shard. */
    COPY_ACROSS_SHARDS(
            "TL0138",
            "rows of several shards cannot be copied as one stream",
            "Copy a table, or a query without ORDER BY, LIMIT and groups over several shards; or restrict the key to one value."),
    /** EXPLAIN whose answers of several shards are not lines. */
    EXPLAIN_ACROSS_SHARDS(
            "TL0133",
            "explain over several shards has another form than lines of text",
            "Use FORMAT TEXT without GENERIC_PLAN, write options as words, or name the shard: /* trunkline: shard=... */."),
    /** A cursor of rows that cannot be read from their shards as it says. */
    CURSOR_ACROSS_SHARDS(
            "TL0134",
            "cursor over several shards is of a kind that one server only can have",
            "Declare it without SCROLL, BINARY and WITH HOLD, or name the shard: /* trunkline: shard=... */."),
    /** A COPY with an option that is not read. */
    COPY_OPTION(
            "TL0139",
            "copy on several shards has an option the router does not read",
            "Leave the option out, or name the shard: /* trunkline: shard=... */."),
    /** A write of a reference table after which its copies may not be equal. */
    COPIES_MAY_DIFFER(
            "TL0135",
            "write to a reference table may not do the same on every shard",
            "Write it without WITH and FROM, without what depends on the order of rows or on the server, or in several statements."),
    /** A command that would make something else of each shard's rows. */
    ROWS_OF_EACH_SHARD(
            "TL0136",
            "command would give each shard other rows",
            "Define the table or column empty, and fill it by INSERT or UPDATE; or name the shard: /* trunkline: shard=... */."),
    /** A set operation whose parts do not make up the whole. */
    SET_OPERATION_ACROSS_SHARDS(
            "TL0141",
            "set operation over several shards cannot be made in parts",
            "Select the key in the same place of all parts, combine sharded tables by UNION ALL, or everything by UNION."),
    /** A name that may mean a table of a schema of one shard, or another one. */
    SCHEMA_UNCLEAR(
            "TL0144",
            "table may be one of several schemas",
            "Qualify the table with its schema, or SET search_path to schemas of one shard."),
    /** Tables in schemas of one shard, and rows of other shards. */
    SCHEMA_ON_OTHER_SHARD(
            "TL0145",
            "statement uses a schema of one shard and rows of others",
            "Run one statement for each shard; beside a schema use reference tables, and sharded ones by a key of its shard.");

    private final String code;
    private final String message;
    private final String hint;

    RefusalCode(String code, String message, String hint) {
        this.code = code;
        this.message = message;
        this.hint = hint;
    }

    /** Returns the code as it is documented, like {@code TL0101}. */
    public String code() {
        return code;
    }

    /** Returns the message without the particulars of one statement. */
    public String message() {
        return message;
    }

    /** Returns what to do instead. */
    public String hint() {
        return hint;
    }

    /** Returns a refusal of this code; {@code detail} says what was found, as a clause without a full stop. */
    public Refusal because(String detail) {
        String sentence = detail.substring(0, 1).toUpperCase(Locale.ROOT) + detail.substring(1);
        return new Refusal(this, message, code + ": " + sentence + ".", hint);
    }

    private static final class Hints {
        static final String NAME_THE_SHARD =
                "Write the statement more simply, or name the shard: /* trunkline: shard=... */.";
        static final String SIMPLER_OR_KEY =
                "Write the query more simply, or restrict the key to one value by =, IN or = ANY.";
    }
}
