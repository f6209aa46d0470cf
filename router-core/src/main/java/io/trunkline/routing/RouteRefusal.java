// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.error.RouterErrors;
import io.trunkline.wire.SqlState;
import java.util.Locale;

/**
 * The reasons why a statement that was read is not run, beside those of {@link io.trunkline.sql.RefusalCode}. Codes are stable: they are
 * documented, counted and searched for. The code stands in DETAIL.
 */
public enum RouteRefusal {
    /** A hint that cannot be followed. */
    HINT_INVALID(
            "TL0201",
            SqlState.INVALID_PARAMETER_VALUE,
            "hint cannot be followed",
            "Write /* trunkline: role=primary|prefer-replica|replica shard=name shard_key=value */ before or behind the statement."),
    /** A hint or setting names a shard the cluster does not have. */
    UNKNOWN_SHARD(
            "TL0202", SqlState.INVALID_PARAMETER_VALUE, "no shard of that name", "Use one of the names in the detail."),
    /** A hint or setting names a key that is none, or that belongs to no or to different shards. */
    SHARD_KEY_UNUSABLE(
            "TL0203",
            SqlState.INVALID_PARAMETER_VALUE,
            "shard key of the hint or setting names no shard",
            "Give a value of the key's type, or name the shard: /* trunkline: shard=... */."),
    /** The shard named by a hint or setting is not the one the statement's own key belongs to. */
    KEY_CONFLICT(
            "TL0204",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement's own shard key and the shard asked for differ",
            "Remove the hint, RESET trunkline.shard and trunkline.shard_key, or correct the key."),
    /** No tree of the statement is there. */
    UNREADABLE(
            "TL0205",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement cannot be read well enough to find its shard",
            "Write the statement more simply, or name the shard: /* trunkline: shard=... */."),
    /** The statement has a key, but its value cannot be read beyond doubt. */
    KEY_UNREADABLE(
            "TL0206",
            SqlState.FEATURE_NOT_SUPPORTED,
            "shard key cannot be read",
            "Pass the key as a parameter or constant of the key's own type, before long ones, or name the shard: /* trunkline: shard=... */."),
    /** The values of the key belong to different shards. */
    KEYS_ON_SEVERAL_SHARDS(
            "TL0207",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement needs rows of several shards",
            "Run one statement for each shard, or restrict the key to one value."),
    /** INSERT of a NULL key. */
    KEY_NULL(
            "TL0208",
            SqlState.NOT_NULL_VIOLATION,
            "shard key of an insert is null",
            "Give every row a key; a row without one has no shard."),
    /** INSERT of a key that no range or list entry holds. */
    KEY_WITHOUT_SHARD(
            "TL0209",
            SqlState.FEATURE_NOT_SUPPORTED,
            "no shard holds the shard key of an insert",
            "Add the key's range or value to the topology."),
    /** Statements that must run together need different shards. */
    BATCH_ON_SEVERAL_SHARDS(
            "TL0210",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statements sent together need different shards",
            "Send a Sync, or a query of its own, between statements for different shards."),
    /** The transaction, or the pinned session, is on another shard. */
    TRANSACTION_ON_OTHER_SHARD(
            "TL0211",
            SqlState.FEATURE_NOT_SUPPORTED,
            "transaction runs on another shard",
            "Use one transaction for each shard."),
    /** A function whose answer may depend on the shard, in a statement that has none. */
    FUNCTION_WITHOUT_SHARD(
            "TL0212",
            SqlState.FEATURE_NOT_SUPPORTED,
            "function may read tables, and the statement names no shard",
            "Name the shard: /* trunkline: shard=... */ or /* trunkline: shard_key=... */."),
    /** Advisory locks and notifications of the whole cluster live on one shard, and the statement needs another. */
    NOT_ON_HOME_SHARD(
            "TL0213",
            SqlState.FEATURE_NOT_SUPPORTED,
            "locks and notifications belong on the first shard, and the statement needs another",
            "Take the lock in a statement and transaction of its own, or name one shard in every statement that uses it."),
    /** A reference table would have to be written on every shard. */
    REFERENCE_WRITE(
            "TL0214",
            SqlState.FEATURE_NOT_SUPPORTED,
            "write to a reference table would have to run on every shard",
            "Run it on each shard: /* trunkline: shard=... */."),
    /** An advisory lock taken on a replica excludes nobody on the primary. */
    LOCK_ON_REPLICA(
            "TL0215",
            SqlState.FEATURE_NOT_SUPPORTED,
            "advisory lock in a transaction that runs on a replica",
            "Begin the transaction without READ ONLY, or with /* trunkline: role=primary */."),
    /** The user may not choose nodes and shards. */
    HINT_DENIED(
            "TL0216",
            SqlState.INSUFFICIENT_PRIVILEGE,
            "permission denied for routing hints",
            "Remove the comment, or have routing_hints set to true for the user or the database."),
    /** A transaction, or a session tied to its backend, has one shard. */
    SCATTER_IN_TRANSACTION(
            "TL0217",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement within a transaction needs rows of several shards",
            "Run it outside the transaction, or restrict the key to one value."),
    /** A query over several shards has requests beside it in its text or group. */
    SCATTER_NOT_ALONE(
            "TL0218",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement that needs rows of several shards is not sent alone",
            "Send it as a query of its own: alone in its text, or with one Bind and one Execute before its Sync."),
    /** Rows of several shards would have to be compared in a way that is not known to be the server's. */
    SCATTER_ORDER(
            "TL0219",
            SqlState.FEATURE_NOT_SUPPORTED,
            "rows of several shards cannot be compared",
            "Order or group by numbers, times, uuid or bytea; order texts by COLLATE \"C\"."),
    /** A query over several shards calls or names what is not proven to be a read of its own tables. */
    SCATTER_UNPROVEN(
            "TL0220",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement needs rows of several shards, and is not known to read only its own tables",
            "Leave out volatile functions, functions and aggregates of your own that read tables, and views; or restrict the key to one value."),
    /** LIMIT or OFFSET of a query over several shards. */
    SCATTER_LIMIT(
            "TL0221",
            SqlState.FEATURE_NOT_SUPPORTED,
            "limit or offset over several shards cannot be read",
            "Write it as a whole number, or pass it as a parameter."),
    /** Partial results of an aggregate that cannot be combined. */
    SCATTER_AGGREGATE(
            "TL0222",
            SqlState.FEATURE_NOT_SUPPORTED,
            "aggregate over several shards cannot be combined",
            "Group by the shard key, restrict the key to one value, or cast the argument to a type of PostgreSQL's own."),
    /** FETCH of a cursor over several shards that is not a step forward. */
    CURSOR_FETCH(
            "TL0233",
            SqlState.FEATURE_NOT_SUPPORTED,
            "cursor over several shards is fetched from in a way that one server only knows",
            "FETCH or MOVE forward by the cursor's name, with rows as text."),
    /** A query over several shards in a text that cannot be rewritten. */
    SCATTER_ENCODING(
            "TL0223",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement that needs rows of several shards is in another encoding than UTF8",
            "SET client_encoding TO 'UTF8'."),
    /** Serializable transactions of several shards are not serializable together. */
    SCATTER_SERIALIZABLE(
            "TL0224",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement needs rows of several shards under serializable isolation",
            "Run it under REPEATABLE READ or READ COMMITTED, or restrict the key to one value."),
    /** A query over several shards is held until it has been answered, and this one cannot be. */
    SCATTER_TOO_LONG(
            "TL0225",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement that needs rows of several shards is longer than what is held",
            "Pass the shard key before long parameters, send them in their own statement, or raise limits.inspected_message."),
    /** A write on several shards is committed by a decision that must be kept somewhere. */
    SCATTER_WITHOUT_DECISIONS(
            "TL0226",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement writes on several shards, and nothing keeps the decision to commit",
            "Take the topology from ZooKeeper (topology.source), or write on one shard at a time."),
    /** A COPY FROM whose rows' keys cannot be found, or are of a type that is not the topology's. */
    COPY_KEY(
            "TL0231",
            SqlState.FEATURE_NOT_SUPPORTED,
            "sharding key of copied rows cannot be found",
            "Name the columns, with the key's column and of the key's type in the topology, or name the shard: /* trunkline: shard=... */."),
    /** Data of a COPY FROM that servers of different versions understand differently. */
    COPY_DATA(
            "TL0232",
            SqlState.FEATURE_NOT_SUPPORTED,
            "copied data cannot be divided among shards",
            "Leave the line out, or quote it."),
    /** GROUP BY a name that FROM has too: then it does not mean the entry of the select list. */
    SCATTER_NAME(
            "TL0227",
            SqlState.FEATURE_NOT_SUPPORTED,
            "name grouped by over several shards is one of the result and a column of a table",
            "Group by its position or by its expression, or qualify the column."),
    /** A write of a reference table whose copies cannot be vouched for. */
    COPIES_UNPROVEN(
            "TL0229",
            SqlState.FEATURE_NOT_SUPPORTED,
            "write to a reference table is not known to do the same on every shard",
            "Use immutable functions, and a plain table without triggers, rules and row security; or run it on each shard: /* trunkline: shard=... */."),
    /** A shard whose server has no room for prepared transactions. */
    NOTHING_PREPARED(
            "TL0230",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement runs on every shard, and a server prepares no transactions",
            "Set max_prepared_transactions on the servers of all shards above 0, and restart them."),
    /** What was decided by one revision of the topology is not sent under another that may decide otherwise. */
    TOPOLOGY_CHANGED(
            "TL0234",
            SqlState.SERIALIZATION_FAILURE,
            "topology has changed while the statement waited for a backend",
            "Run the transaction again."),
    /** A function beside a key sees the rows of one shard. */
    FUNCTION_USES_TABLES(
            "TL0239",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement calls a function that may use rows of other shards",
            "If it uses rows of the same key and reference tables only, say so by COMMENT ON FUNCTION ... IS 'trunkline: local' on every shard, or name the shard: /* trunkline: shard=... */."),
    /** A trigger, rule, default, constraint or policy of a table sees the rows of one shard. */
    TABLE_USES_TABLES(
            "TL0240",
            SqlState.FEATURE_NOT_SUPPORTED,
            "statement names a table whose triggers, rules, defaults or policies may use rows of other shards",
            "If they use rows of the same key and reference tables only, say so by COMMENT ON FUNCTION ... or RULE ... IS 'trunkline: local' on every shard, or name the shard: /* trunkline: shard=... */.");

    private final String code;
    private final SqlState sqlState;
    private final String message;
    private final String hint;

    RouteRefusal(String code, SqlState sqlState, String message, String hint) {
        this.code = code;
        this.sqlState = sqlState;
        this.message = message;
        this.hint = hint;
    }

    /** Returns the code as it is documented, such as TL0201. */
    public String code() {
        return code;
    }

    /** Returns the message. */
    public String message() {
        return message;
    }

    /** Returns what to do instead. */
    public String hint() {
        return hint;
    }

    /** Returns the SQLSTATE of the error, unless a refusal brings its own. */
    public SqlState sqlState() {
        return sqlState;
    }

    /** Returns a refusal; {@code detail} says what was found, as a clause without a full stop and without values. */
    public Target.Refused because(String detail) {
        return because(sqlState, detail);
    }

    /** Returns a refusal with another SQLSTATE. */
    Target.Refused because(SqlState state, String detail) {
        String sentence = detail.substring(0, 1).toUpperCase(Locale.ROOT) + detail.substring(1);
        return new Target.Refused(code, RouterErrors.refused(state, message, code + ": " + sentence + ".", hint));
    }
}
