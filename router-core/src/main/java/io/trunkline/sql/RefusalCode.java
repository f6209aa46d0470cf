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
            "TL0110", "insert does not give the sharding key", "Give the key column a parameter or a constant."),
    /** INSERT whose key is computed. */
    INSERT_COMPUTED_KEY(
            "TL0111",
            "sharding key of an insert is not a parameter or constant",
            "Compute the key in the client and pass it as a parameter."),
    /** INSERT ... SELECT into a sharded table. */
    INSERT_SELECT(
            "TL0112",
            "insert from a query into a sharded table",
            "Read the rows first and insert them by INSERT ... VALUES."),
    /** UPDATE of the key. */
    KEY_UPDATE("TL0113", "update would change the sharding key", "Delete the row and insert it with its new key."),
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
    NOTIFICATION("TL0119", "notifications do not cross shards", "Name the shard: /* trunkline: shard=... */.");

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
    }
}
