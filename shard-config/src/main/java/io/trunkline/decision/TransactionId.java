// SPDX-License-Identifier: Apache-2.0
package io.trunkline.decision;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of one transaction over several shards, never used twice.
 *
 * <pre>
 * the transaction    trunkline_CLUSTER_INSTANCE_NUMBER         a name in the log of decisions
 * a participant      trunkline_CLUSTER_INSTANCE_NUMBER_SHARD   what PREPARE TRANSACTION is given
 * </pre>
 *
 * <p>Other programs prepare transactions on the same servers, and so may routers of other clusters; {@link #parse} tells whose a name is. As
 * a cluster's name may contain underscores, the beginning of a name does not: {@code trunkline_a_} is also how the names of the cluster
 * {@code a_b} begin. The last three parts contain none, so reading from the end is unambiguous.
 *
 * @param cluster the cluster's name in the topology
 * @param instance 128 random bits in hexadecimal, drawn when a router starts, see {@link TransactionIds}
 * @param number counts the transactions of the instance
 */
public record TransactionId(String cluster, String instance, long number) {
    /** What every name begins with. */
    public static final String PREFIX = "trunkline_";

    /** What PostgreSQL allows for the name of a prepared transaction, in bytes without the zero at its end ({@code GIDSIZE - 1}). */
    public static final int GID_BYTES_MAX = 199;

    /** As the topology has it; so the longest name of a participant has 137 bytes. */
    private static final Pattern CLUSTER = Pattern.compile("[A-Za-z0-9_.-]{1,63}");

    private static final Pattern INSTANCE = Pattern.compile("[0-9a-f]{32}");
    private static final Pattern PARTICIPANT = Pattern.compile(PREFIX + "(?<id>(?<cluster>" + CLUSTER + ")_(?<instance>"
            + INSTANCE + ")_(?<number>0|[1-9][0-9]{0,18}))_(?<shard>0|[1-9][0-9]{0,9})");

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException when a part is not what it must be for the name to be read back
     */
    public TransactionId {
        if (!CLUSTER.matcher(cluster).matches() || !INSTANCE.matcher(instance).matches() || number < 0) {
            throw new IllegalArgumentException("transaction of cluster \"" + cluster + "\", instance \"" + instance
                    + "\", number " + number + " (expected: a cluster's name, 32 hexadecimal digits, 0 or more)");
        }
    }

    /** Returns the name of the transaction: one element of a znode's path. */
    public String text() {
        return PREFIX + cluster + "_" + instance + "_" + number;
    }

    /** Returns the name under which one shard prepares its part. Shards have names of their own because they may live on one server, where names are unique over all databases. */
    public String participant(int shard) {
        if (shard < 0) {
            throw new IllegalArgumentException("shard " + shard + " (expected: 0 or more)");
        }
        return text() + "_" + shard;
    }

    /** Returns the transaction that a prepared transaction belongs to, or null when the name is not exactly what {@link #participant} makes. */
    public static @Nullable TransactionId parse(String participantGid) {
        Matcher matcher = PARTICIPANT.matcher(participantGid);
        if (!matcher.matches()) {
            return null;
        }
        try {
            Integer.parseInt(matcher.group("shard"));
            return new TransactionId(
                    matcher.group("cluster"), matcher.group("instance"), Long.parseLong(matcher.group("number")));
        } catch (NumberFormatException tooLarge) {
            return null;
        }
    }
}
