// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.tpcc.TpccSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Inserts many rows, those of each table in batches, in the order in which tables were first written to: so rows come after those they refer to.
 *
 * <p>Not thread-safe.
 */
final class RowWriter {
    private static final int BATCH = 500;

    private final Connection connection;
    private final Map<Table, Batch> batches = new LinkedHashMap<>();

    /** Borrows a connection. */
    RowWriter(Connection connection) throws SQLException {
        this.connection = connection;
        connection.setAutoCommit(false);
    }

    /** Takes a row with the values of all columns, which is there after {@link #flush}. */
    void write(Table table, @Nullable Object... values) throws SQLException {
        Batch batch = batches.get(table);
        if (batch == null) {
            batch = new Batch(connection.prepareStatement("insert into " + table.name() + " (" + table.columnNames()
                    + ") values (" + String.join(", ", Collections.nCopies(values.length, "?")) + ")"));
            batches.put(table, batch);
        }
        if (batch.add(values)) {
            send();
        }
    }

    /** Commits all rows. */
    void flush() throws SQLException {
        send();
        connection.commit();
    }

    private void send() throws SQLException {
        for (Batch batch : batches.values()) {
            batch.send();
        }
    }

    private static final class Batch {
        private final PreparedStatement insert;
        private int count;

        Batch(PreparedStatement insert) {
            this.insert = insert;
        }

        boolean add(@Nullable Object... values) throws SQLException {
            for (int i = 0; i < values.length; i++) {
                insert.setObject(i + 1, values[i]);
            }
            insert.addBatch();
            return ++count == BATCH;
        }

        void send() throws SQLException {
            if (count > 0) {
                insert.executeBatch();
                count = 0;
            }
        }
    }
}
