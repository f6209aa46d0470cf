// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** What a COPY does on a cluster with several shards, whatever its literals. */
public sealed interface CopyShape {

    /** COPY FROM STDIN of a sharded table: each row goes to the shard of its key. */
    record IntoSharded(TableUse.Sharded table) implements CopyShape {}

    /** COPY FROM STDIN of a reference table: all rows go to every shard. */
    record IntoReference() implements CopyShape {}

    /** COPY TO STDOUT of rows that lie on one shard each: those of all shards, one behind the other, are the answer. */
    record Out() implements CopyShape {}
}
