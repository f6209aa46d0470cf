// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A terminal's connection, by prepared statements and transactions that it ends itself; and the terminal's clock. Not thread-safe. */
final class TpccSession implements AutoCloseable {
    private final Connection connection;
    private final Clock clock;

    /** Takes over a connection. */
    TpccSession(Connection connection, Clock clock) throws SQLException {
        this.connection = connection;
        this.clock = clock;
        connection.setAutoCommit(false);
    }

    /** What is read from a row. */
    interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** Returns what is read from each row of a query, or of what a write returns. */
    <T> List<T> rows(RowReader<T> reader, String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters);
                ResultSet result = statement.executeQuery()) {
            List<T> rows = new ArrayList<>();
            while (result.next()) {
                rows.add(reader.read(result));
            }
            return rows;
        }
    }

    /** Returns what is read from the first row, if there is one. */
    <T> Optional<T> first(RowReader<T> reader, String sql, Object... parameters) throws SQLException {
        return rows(reader, sql, parameters).stream().findFirst();
    }

    /** Returns what is read from the row that must be there. */
    <T> T one(RowReader<T> reader, String sql, Object... parameters) throws SQLException {
        List<T> rows = rows(reader, sql, parameters);
        if (rows.size() != 1) {
            throw new IllegalStateException(rows.size() + " rows, not one: " + sql);
        }
        return rows.get(0);
    }

    /** Returns how many rows were written. */
    int update(String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters)) {
            return statement.executeUpdate();
        }
    }

    /** Writes one row, which must be there. */
    void updateOne(String sql, Object... parameters) throws SQLException {
        int count = update(sql, parameters);
        if (count != 1) {
            throw new IllegalStateException(count + " rows written, not one: " + sql);
        }
    }

    private PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(i + 1, parameters[i]);
        }
        return statement;
    }

    LocalDateTime now() {
        return LocalDateTime.now(clock);
    }

    void commit() throws SQLException {
        connection.commit();
    }

    void rollback() throws SQLException {
        connection.rollback();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
