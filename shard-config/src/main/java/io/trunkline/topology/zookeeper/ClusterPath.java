// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import io.trunkline.block.SequenceId;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * The znodes of one fleet of routers and its topology, all under one base path such as {@code /trunkline/production}.
 *
 * <pre>
 * BASE/topology        the document in force; compare-and-set by the znode's version
 * BASE/history/REV     every document that was published, under its revision
 * BASE/routers/ID      ephemeral, a router that lives
 * BASE/acks/ID         ephemeral, the revision this router has applied
 * BASE/numbers/N       ephemeral, the router that has the number N, and where the others reach it
 * BASE/sequences/C/db-D/seq-S  the next free number of the sequence S of the database D of the cluster C; only grows, by the znode's version
 * BASE/decisions/C/ID  commit or abort: what becomes of the transaction ID over several shards of the cluster C; never written again
 * </pre>
 */
record ClusterPath(String base) {
    ClusterPath {
        if (!base.startsWith("/") || base.endsWith("/") || base.contains("//")) {
            throw new IllegalArgumentException("ZooKeeper path \"" + base
                    + "\" (expected: an absolute path of at least one name, without / at its end)");
        }
    }

    String topology() {
        return base + "/topology";
    }

    String history() {
        return base + "/history";
    }

    String history(long revision) {
        return history() + "/" + revision;
    }

    String routers() {
        return base + "/routers";
    }

    String router(String id) {
        return routers() + "/" + id;
    }

    String numbers() {
        return base + "/numbers";
    }

    String number(int number) {
        return numbers() + "/" + number;
    }

    String decisions(String cluster) {
        return base + "/decisions/" + cluster;
    }

    String decision(String cluster, String id) {
        return decisions(cluster) + "/" + id;
    }

    /** The database is encoded: its name may be any. */
    String sequence(SequenceId sequence) {
        String database = URLEncoder.encode(sequence.database(), StandardCharsets.UTF_8);
        // ZooKeeper reads one or two dots as it reads those of a path.
        return base + "/sequences/" + sequence.cluster() + "/db-" + database + "/seq-" + sequence.name();
    }

    String acks() {
        return base + "/acks";
    }

    String ack(String id) {
        return acks() + "/" + id;
    }
}
