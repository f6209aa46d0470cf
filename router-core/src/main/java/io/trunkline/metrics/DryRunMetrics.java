// SPDX-License-Identifier: Apache-2.0
package io.trunkline.metrics;

/** Counts what the statements of one cluster would do on the shards of its dry run; see {@link RouterMetrics#dryRun}. */
public interface DryRunMetrics {
    /** Where a statement would run; the label {@code outcome} of {@code trunkline_dry_run_statements_total}. */
    enum PlannedStatement {
        /** On one shard, which its key, schema or hint names. */
        ONE_SHARD,
        /** On any one shard: it needs no table, or only what every shard has. */
        ANY_SHARD,
        /** On several shards, whose rows are put together. */
        MERGED_READ,
        /** On several shards, each with rows of its own. */
        SPREAD_WRITE,
        /** On every shard alike. */
        EVERY_SHARD,
        /** Nowhere: it would be refused. */
        REFUSED,
        /** The router does not know what it would have to ask a shard. */
        UNDECIDED
    }

    /** Which shards a transaction would come to; the label {@code outcome} of {@code trunkline_dry_run_transactions_total}. */
    enum PlannedTransaction {
        /** Any one would do. */
        ANY_SHARD,
        ONE_SHARD,
        /** Several, and it only reads. */
        SEVERAL_SHARDS_READ,
        /** Several, on all of which it would have to be prepared before it is committed. */
        TWO_PHASE_COMMIT,
        /** Several, and it was rolled back. */
        SEVERAL_SHARDS_ROLLED_BACK,
        /** One of its statements would be refused. */
        REFUSED,
        /** One of its statements is undecided. */
        UNDECIDED
    }

    /** A statement was sent: {@code trunkline_dry_run_statements_total{cluster,outcome}} counter, statements. */
    void planned(PlannedStatement outcome);

    /** It would be refused, with that code: {@code trunkline_dry_run_refusals_total{cluster,code}} counter, statements. */
    void plannedRefusal(String code);

    /** A transaction ended: {@code trunkline_dry_run_transactions_total{cluster,outcome}} counter, transactions. */
    void planned(PlannedTransaction outcome);
}
