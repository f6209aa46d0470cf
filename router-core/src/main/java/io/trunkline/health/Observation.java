// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node said of itself in one probe.
 *
 * @param inRecovery true for a standby, false for a server that takes writes
 * @param systemIdentifier the number initdb gave the cluster of files; equal for a primary and its standbys
 * @param timeline the timeline written to (primary) or received and replayed (standby)
 * @param position the WAL position written (primary) or replayed (standby); 0 when a standby has replayed nothing yet
 * @param receiving true when a WAL receiver is streaming; false for a primary
 */
record Observation(boolean inRecovery, long systemIdentifier, int timeline, long position, boolean receiving) {

    /**
     * The probe; works on PostgreSQL 14 to 18.
     *
     * <p>The timeline of a primary is that of the WAL file it writes, because the control file learns of a promotion only with the next
     * checkpoint. A standby cannot ask for file names; it knows the timeline its receiver is on, and the one it must replay to be consistent.
     * A promotion between two parts of the query does no harm: the functions of a standby work on a primary, those of a primary are only
     * called after recovery has ended. A role without {@code pg_monitor} sees the receiver's process and nothing else of it.
     */
    static final String QUERY = """
            select r.in_recovery,
                   (select system_identifier from pg_control_system()),
                   case when not r.in_recovery then pg_walfile_name(pg_current_wal_lsn()) end,
                   greatest(w.received_tli,
                            (select min_recovery_end_timeline from pg_control_recovery()),
                            (select timeline_id from pg_control_checkpoint())),
                   case when r.in_recovery then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                   w.pid is not null and coalesce(w.status, 'streaming') = 'streaming'
              from (select pg_is_in_recovery() as in_recovery offset 0) r
              left join pg_stat_wal_receiver w on true""";

    private static final int COLUMNS = 6;
    private static final int WAL_FILE_NAME_LENGTH = 24;

    /** Reads the answer to {@link #QUERY}. Throws {@link IllegalArgumentException} when it is not one. */
    static Observation read(List<List<@Nullable String>> rows) {
        if (rows.size() != 1 || rows.get(0).size() != COLUMNS) {
            throw new IllegalArgumentException("the probe's answer has not one row of " + COLUMNS + " columns");
        }
        List<@Nullable String> row = rows.get(0);
        boolean inRecovery = "t".equals(row.get(0));
        String walFile = row.get(2);
        int timeline = walFile == null ? Integer.parseInt(required(row, 3)) : timelineOf(walFile);
        String position = row.get(4);
        return new Observation(
                inRecovery,
                Long.parseLong(required(row, 1)),
                timeline,
                position == null ? 0 : Lsn.parse(position),
                inRecovery && "t".equals(row.get(5)));
    }

    /** Returns the timeline that the name of a WAL file begins with: 8 of its 24 hexadecimal digits. */
    private static int timelineOf(String walFile) {
        if (walFile.length() != WAL_FILE_NAME_LENGTH) {
            throw new IllegalArgumentException("the probe's answer has a WAL file name of " + walFile.length()
                    + " characters (expected: " + WAL_FILE_NAME_LENGTH + ")");
        }
        return Integer.parseUnsignedInt(walFile, 0, 8, 16);
    }

    private static String required(List<@Nullable String> row, int column) {
        String value = row.get(column);
        if (value == null) {
            throw new IllegalArgumentException("column " + (column + 1) + " of the probe's answer is null");
        }
        return value;
    }
}
