// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

/**
 * Something that is wrong, or will be.
 *
 * @param kind what it is
 * @param where cluster, shard, node and database, as far as they matter, such as {@code main/shard0/db1 app}
 * @param what what was found
 */
record Finding(Kind kind, String where, String what) {

    /** How bad it is. */
    enum Severity {
        /** The router cannot serve this, or would serve it wrongly. */
        ERROR,
        /** It works, and can surprise. */
        WARNING
    }

    /** What can be found. */
    enum Kind {
        UNREACHABLE(Severity.ERROR, "a node refuses the router's login or does not answer"),
        NO_PRIMARY(Severity.ERROR, "no node of a shard takes writes"),
        SEVERAL_PRIMARIES(Severity.ERROR, "several nodes of a shard take writes"),
        UNSUPPORTED_VERSION(Severity.ERROR, "a node runs a PostgreSQL older than 14"),
        ENCODING(
                Severity.ERROR,
                "the encodings of shards differ, or text is a sharding key and the encoding is not UTF8"),
        TABLE_MISSING(Severity.ERROR, "a table of the topology is not on a shard"),
        KEY_COLUMN(Severity.ERROR, "the key column of a sharded table is not there, or not of the distribution's type"),
        TABLE_DIFFERS(Severity.ERROR, "the columns of a table of the topology are not the same on all shards"),
        ID_NUMBER(Severity.ERROR, "two shards put one number into the ids that trunkline.next_id() gives"),
        SEQUENCE_MISSING(
                Severity.ERROR,
                "a sequence of the topology is not installed on a shard, or the role of the probes may not look at it"),
        SEQUENCE_BLOCK(
                Severity.ERROR,
                "two shards hold the same block of a sequence over shards, and may give its numbers twice"),
        VERSION(Severity.WARNING, "nodes of a cluster run different majors"),
        SETTING(Severity.WARNING, "a setting that changes results is not the same on all shards"),
        EXTENSION(Severity.WARNING, "an extension is not installed in the same version on all shards"),
        OTHER_TABLE(Severity.WARNING, "a table that the topology does not name is not the same on all shards"),
        SEQUENCE(
                Severity.WARNING,
                "a column of a sharded table takes its default from a sequence, which each shard counts for itself"),
        UNIQUE(
                Severity.WARNING,
                "a unique or exclusion constraint of a sharded table does not contain the key, so it holds on each shard alone"),
        FOREIGN_KEY(
                Severity.WARNING,
                "a foreign key leads to a sharded table without joining the keys, so it finds rows of its own shard only"),
        TRIGGER(Severity.WARNING, "a trigger of a sharded table runs on the row's shard, and sees no rows of others"),
        UNLISTED_TABLE(
                Severity.WARNING,
                "a table of a sharded cluster is not in the topology, so statements about it are refused"),
        SCHEMA_ELSEWHERE(Severity.WARNING, "a schema that is whole on one shard has tables on another"),
        NO_PREPARE(
                Severity.WARNING,
                "max_prepared_transactions is 0 on a shard of several, so no transaction over shards commits there"),
        IDS_MISSING(Severity.WARNING, "trunkline.next_id() is installed on some of the shards only"),
        SEQUENCE_LOW(
                Severity.WARNING,
                "a shard has less than a block of a sequence over shards at hand, so no router supplies it, or not fast enough"),
        PREPARED_TRANSACTION(
                Severity.WARNING, "a transaction has been prepared for more than five minutes, and holds its locks"),
        CLOCK(Severity.WARNING, "the clock of a node is more than a second off this machine's");

        private final Severity severity;
        private final String meaning;

        Kind(Severity severity, String meaning) {
            this.severity = severity;
            this.meaning = meaning;
        }

        Severity severity() {
            return severity;
        }

        /** Returns what it means, for the documentation. */
        String meaning() {
            return meaning;
        }

        /** Returns how it is printed: {@code several-primaries}. */
        String label() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    @Override
    public String toString() {
        return kind.severity.name().toLowerCase(java.util.Locale.ROOT) + " " + where + ": " + kind.label() + ": "
                + what;
    }
}
