// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import java.util.Locale;

/** Why a statement goes where it goes: shown by {@code SHOW trunkline.route}, in logs, and as a metric's label. */
public enum Reason {
    // Why this shard.
    /** The cluster has one shard. */
    SINGLE_SHARD("the cluster has one shard"),
    /** The statement fixes the shard key to values of one shard. */
    KEY("the shard key names the shard"),
    /** Its tables, or the search path, are in schemas that are whole on one shard. */
    SCHEMA("the schema is whole on the shard"),
    /** The statement's conditions on the shard key match no row, wherever it runs. */
    NO_MATCH("no row can match, so any shard answers"),
    /** A comment in the statement names the shard or a key. */
    HINT("a comment in the statement names the shard"),
    /** {@code SET trunkline.shard} or {@code trunkline.shard_key} names it. */
    SETTING("a setting of the session names the shard"),
    /** Only reference tables are read; every shard has them. */
    REFERENCE("every shard has the reference tables"),
    /** Only the system catalogue is read. */
    CATALOG("every shard has the system catalogue"),
    /** No table is named. */
    NO_TABLE("no table is named"),
    /** Advisory locks and notifications of a cluster live on its first shard. */
    HOME_SHARD("locks and notifications live on the first shard"),
    /** Rows of several shards are merged. */
    SEVERAL_SHARDS("rows of several shards are merged"),
    /** The statement does the same on every shard. */
    EVERY_SHARD("it is done on every shard"),
    /** The statement belongs to the session or the transaction, not to a shard. */
    SESSION("the statement concerns the session only"),

    // Why this role.
    /** The statement reads and a replica may serve it. */
    READ("a read that a replica may serve"),
    /** The statement writes, locks rows, or is not known to read only. */
    WRITE("not known to be a read"),
    /** A function that is volatile or whose answer depends on the node. */
    VOLATILE_FUNCTION("calls a function that is volatile or depends on the node"),
    /** A function the catalogue snapshot does not know. */
    UNKNOWN_FUNCTION("calls an unknown function"),
    /** A view, foreign table, materialized view, unlogged or temporary table, or a table with row security. */
    OPAQUE_RELATION("names a relation that hides more than a table"),
    /** The catalogue of the cluster has not been read yet. */
    CATALOG_NOT_LOADED("the catalogue has not been read yet"),
    /** The database has operators, casts or domains that call volatile functions unseen. */
    HIDDEN_FUNCTION("operators, casts or domains of the database call volatile functions"),
    /** A read-write transaction stays where it is. */
    IN_TRANSACTION("in a read-write transaction"),
    /** A transaction declared READ ONLY. */
    READ_ONLY_TRANSACTION("in a read-only transaction"),
    /** Serializable transactions cannot run on a replica. */
    SERIALIZABLE("serializable isolation needs the primary"),
    /** The session wrote a short time ago. */
    READ_AFTER_WRITE("the session wrote a short time ago"),
    /** The pool's read policy is {@code primary}. */
    POLICY("the read policy says primary"),
    /** A comment in the statement names the role. */
    ROLE_HINT("a comment in the statement names the role"),
    /** {@code SET trunkline.role} names it. */
    ROLE_SETTING("a setting of the session names the role"),
    /** A replica would do, but none is readable. Found by the pool, not by the router. */
    NO_REPLICA("no replica is readable"),
    /** The text could not be read; the cluster has one shard, so its primary gets it. */
    UNREADABLE("the statement could not be read");

    private final String phrase;

    Reason(String phrase) {
        this.phrase = phrase;
    }

    /** Returns the label of metrics and logs, such as {@code read_after_write}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns a phrase for people, without a full stop. */
    public String phrase() {
        return phrase;
    }
}
