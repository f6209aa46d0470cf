// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.TransactionId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that stands prepared on a server and is one of this cluster's.
 *
 * @param gid the name it was prepared under
 * @param id the transaction it is a part of
 * @param ageSeconds how long it has been prepared, by the server's clock
 * @param isHere true when it is of the database that was asked: from others it can be seen but not ended
 */
record PreparedParticipant(String gid, TransactionId id, long ageSeconds, boolean isHere) {
    /** How many are read of one database at a time, the oldest of its own first. */
    static final int ROWS_MAX = 1_000;

    /** Whether the server is none to look at: a standby knows of participants only when it is promoted, and until then shows none. */
    static final String IN_RECOVERY = "SELECT pg_catalog.pg_is_in_recovery()";

    private static final int COLUMNS = 3;

    /**
     * Returns the query for all of a cluster. The cluster's name is plain, and what follows it tells a cluster {@code a} from one named
     * {@code a_b}: so one's rows do not take the place of the other's.
     */
    static String query(String cluster) {
        String prefix = TransactionId.PREFIX + cluster + "_";
        // Operators are qualified because the role has rights that whoever can set a search path in this database may
        // lack.
        return "SELECT gid,"
                + " pg_catalog.floor(extract(epoch from pg_catalog.now() OPERATOR(pg_catalog.-) prepared))::pg_catalog.int8,"
                + " database OPERATOR(pg_catalog.=) pg_catalog.current_database()"
                + " FROM pg_catalog.pg_prepared_xacts WHERE pg_catalog.starts_with(gid, '" + prefix + "')"
                + " AND pg_catalog.substr(gid, " + (prefix.length() + 1)
                + ") OPERATOR(pg_catalog.~) '^[0-9a-f]{32}_[0-9]+_[0-9]+$'"
                + " ORDER BY 3 DESC, prepared LIMIT " + ROWS_MAX;
    }

    /**
     * Reads a row of the answer; null when the name is not exactly one of this cluster's, whatever the server thinks.
     *
     * @throws IllegalArgumentException when the row is no answer to the query
     */
    static @Nullable PreparedParticipant of(String cluster, List<@Nullable String> row) {
        if (row.size() != COLUMNS) {
            throw new IllegalArgumentException(row.size() + " columns");
        }
        String gid = row.get(0);
        String age = row.get(1);
        if (gid == null || age == null) {
            throw new IllegalArgumentException("a value is missing");
        }
        long ageSeconds = Math.max(0, Long.parseLong(age));
        TransactionId id = TransactionId.parse(gid);
        return id == null || !id.cluster().equals(cluster)
                ? null
                : new PreparedParticipant(gid, id, ageSeconds, "t".equals(row.get(2)));
    }

    /** Returns the command that carries a decision out. The name has no characters that would need escaping. */
    String end(Decision decision) {
        return switch (decision) {
            case COMMIT -> "COMMIT PREPARED '" + gid + "'";
            case ABORT -> "ROLLBACK PREPARED '" + gid + "'";
        };
    }
}
