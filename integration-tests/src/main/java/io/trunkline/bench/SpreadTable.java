// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.PostgresServer;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ShardedTable;
import java.util.OptionalInt;

/**
 * A table of rows numbered from 0 that lie on several shards as if at random, so that those that follow each other seldom come from the same one.
 *
 * <p>{@code row_number int8 primary key, device int8, label text}, about 100 bytes a row in DataRow messages. The device is the sharding key, of
 * which there is one for each shard; a label repeats its row's number. Immutable.
 */
public final class SpreadTable {
    /** Its name, on every server. */
    public static final String NAME = "spread_rows";

    /** All of its columns, in the order of {@link #NAME}. */
    public static final String ALL_IN_ORDER = "select * from " + NAME + " order by row_number";

    private static final String DISTRIBUTION = "device";
    private static final int LABEL_DIGITS = 8;
    private static final int LABEL_REPEATS = 9;
    /** The golden ratio of 2^32: the bits of a product from 30 on depend on all bits of the row's number. */
    private static final long MULTIPLIER = 2_654_435_761L;

    private static final int SHIFT = 30;

    private final HashSlots slots;
    private final long[] devices;

    /** Spreads rows over so many shards, whose slots are assigned evenly. */
    public SpreadTable(int shardCount) {
        slots = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, shardCount);
        devices = new long[shardCount];
        for (int shard = 0; shard < shardCount; shard++) {
            long device = 1;
            while (!OptionalInt.of(shard).equals(slots.shardOf(KeyValue.ofLong(device)))) {
                device++;
            }
            devices[shard] = device;
        }
    }

    /** Returns how the topology calls the spreading. */
    public Distribution distribution() {
        return new Distribution(DISTRIBUTION, KeyType.INT8, slots);
    }

    /** Returns what the topology says of the table. */
    public ShardedTable sharded() {
        return new ShardedTable(ShardedTable.SCHEMA_DEFAULT, NAME, "device", DISTRIBUTION);
    }

    /** Makes the table on a shard, with those of the first {@code rowCount} rows that belong there. */
    public void fill(PostgresServer server, String database, int shard, long rowCount) {
        fill(server, database, rowCount, " where " + shardSql() + " = " + shard);
    }

    /** Makes the table on a server that has all rows. */
    public void fillWhole(PostgresServer server, String database, long rowCount) {
        fill(server, database, rowCount, "");
    }

    private void fill(PostgresServer server, String database, long rowCount, String where) {
        StringBuilder choices = new StringBuilder();
        for (int shard = 0; shard < devices.length; shard++) {
            choices.append(" when ").append(shard).append(" then ").append(devices[shard]);
        }
        server.executeIn(
                database,
                "create table " + NAME + " (row_number int8 primary key, device int8 not null, label text not null)",
                "grant all on " + NAME + " to public",
                "insert into " + NAME + " select i, case " + shardSql() + choices + " end, repeat(lpad(i::text, "
                        + LABEL_DIGITS + ", '0'), " + LABEL_REPEATS + ") from generate_series(0::int8, "
                        + (rowCount - 1)
                        + ") i" + where,
                "vacuum analyze " + NAME);
    }

    private String shardSql() {
        return "(i * " + MULTIPLIER + " >> " + SHIFT + ") % " + devices.length;
    }

    /** Returns the sharding key of a row. */
    public long device(long row) {
        return devices[(int) ((row * MULTIPLIER >> SHIFT) % devices.length)];
    }

    /** Returns the label of a row. */
    public static String label(long row) {
        String digits = Long.toString(row);
        return ("0".repeat(Math.max(0, LABEL_DIGITS - digits.length())) + digits).repeat(LABEL_REPEATS);
    }
}
