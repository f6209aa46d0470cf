// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.tpcc.TpccSchema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Inserts many rows, some of a table in each statement, in the order in which tables were first written to: so rows come after those they refer to.
 *
 * <p>Not thread-safe.
 */
final class RowWriter {
    private static final int ROWS_AT_A_TIME = 50;

    private final Connection connection;
    private final Map<Table, List<@Nullable Object[]>> rows = new LinkedHashMap<>();

    /** Borrows a connection, and leaves it as it is: whether all rows up to {@link #flush} are one transaction is for the caller to say. */
    RowWriter(Connection connection) {
        this.connection = connection;
    }

    /** Takes a row with the values of all columns, which is there after {@link #flush}. */
    void write(Table table, @Nullable Object... values) throws SQLException {
        List<@Nullable Object[]> ofTable = rows.computeIfAbsent(table, key -> new ArrayList<>());
        ofTable.add(values);
        if (ofTable.size() == ROWS_AT_A_TIME) {
            send();
        }
    }

    /** Inserts what is left, and commits. */
    void flush() throws SQLException {
        send();
        if (!connection.getAutoCommit()) {
            connection.commit();
        }
    }

    private void send() throws SQLException {
        for (Map.Entry<Table, List<@Nullable Object[]>> each : rows.entrySet()) {
            if (!each.getValue().isEmpty()) {
                insert(each.getKey(), each.getValue());
                each.getValue().clear();
            }
        }
    }

    private void insert(Table table, List<@Nullable Object[]> values) throws SQLException {
        String row = "(" + String.join(", ", Collections.nCopies(values.get(0).length, "?")) + ")";
        String sql = "insert into " + table.name() + " (" + table.columnNames() + ") values "
                + String.join(", ", Collections.nCopies(values.size(), row));
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            int index = 0;
            for (@Nullable Object[] each : values) {
                for (Object value : each) {
                    insert.setObject(++index, value);
                }
            }
            insert.executeUpdate();
        }
    }
}
