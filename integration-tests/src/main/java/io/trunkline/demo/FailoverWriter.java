// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * One client that writes through the router all the while: begin, insert, commit, each answer awaited, again and again.
 *
 * <p>It notes what was acknowledged and what failed, and when. It repeats nothing: a transaction that failed is over, the next has another id. Its
 * statement is prepared on the server from the first use on. Only its own thread touches it until that has ended.
 */
final class FailoverWriter implements Runnable {
    /** Time between two transactions, so that writers do not take the machine from the servers. */
    private static final long PAUSE_MILLIS = 2;

    private static final long RECONNECT_PAUSE_MILLIS = 50;

    private static final String INSERT =
            "insert into orders (id, customer_id, amount, placed_at) values (?, ?, 1.00, now())";

    /** What a transaction was doing when it failed. */
    enum Step {
        /** The connection was being opened. */
        CONNECT("connecting"),
        /** No transaction was open yet. */
        BEGIN("outside a transaction"),
        /** A transaction was open. */
        INSERT("inside an open transaction"),
        /** COMMIT was sent: the write may be there or not. */
        COMMIT("in COMMIT");

        private final String description;

        Step(String description) {
            this.description = description;
        }

        String description() {
            return description;
        }
    }

    /**
     * A transaction that was acknowledged.
     *
     * @param id of the row
     * @param atNanos when, by {@link System#nanoTime}
     */
    record Acknowledged(long id, long atNanos) {}

    /**
     * A transaction that failed.
     *
     * @param id of the row that may be there or not
     */
    record Failed(long id, Step step, String sqlState, String message) {}

    private final int port;
    private final int shard;
    private final long customer;
    private final AtomicLong ids;
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private final List<Failed> failed = new ArrayList<>();
    private int connectionsLost;
    private volatile long lastAcknowledgedNanos;
    private volatile int acknowledgedCount;
    private volatile @Nullable Failed lastFailed;
    private volatile boolean stopping;

    /**
     * @param customer a key on the shard
     * @param ids gives out ids no other row has
     */
    FailoverWriter(int port, int shard, long customer, AtomicLong ids) {
        this.port = port;
        this.shard = shard;
        this.customer = customer;
        this.ids = ids;
    }

    @Override
    public void run() {
        @Nullable Connection connection = null;
        try {
            while (!stopping) {
                if (connection == null) {
                    connection = connect();
                } else if (!write(connection)) {
                    connectionsLost++;
                    connection = null;
                }
                Thread.sleep(connection == null ? RECONNECT_PAUSE_MILLIS : PAUSE_MILLIS);
            }
            if (connection != null) {
                connection.close();
            }
        } catch (InterruptedException | SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Lets the transaction that is under way end, and no other begin. Any thread. */
    void stop() {
        stopping = true;
    }

    /** Returns when the last transaction was acknowledged; 0 when none was. Any thread. */
    long lastAcknowledgedNanos() {
        return lastAcknowledgedNanos;
    }

    /** Any thread. */
    int acknowledgedCount() {
        return acknowledgedCount;
    }

    /** Any thread. */
    @Nullable
    Failed lastFailed() {
        return lastFailed;
    }

    int shard() {
        return shard;
    }

    /** Returns what the client has seen; to be asked when its thread has ended. */
    WriterRecord record() {
        return new WriterRecord(List.copyOf(acknowledged), List.copyOf(failed), connectionsLost);
    }

    private @Nullable Connection connect() {
        try {
            Connection connection = Demo.connect(port);
            return connection;
        } catch (SQLException e) {
            fail(0, Step.CONNECT, e);
            return null;
        }
    }

    /** Runs one transaction; returns whether the connection is still there. */
    private boolean write(Connection connection) throws SQLException {
        long id = ids.getAndIncrement();
        Step step = Step.BEGIN;
        // BEGIN and COMMIT are statements of their own here: the driver would send its BEGIN together with the insert,
        // and nobody
        // could tell whether a transaction was open when that failed.
        try (Statement statement = connection.createStatement();
                PreparedStatement insert = connection.prepareStatement(INSERT)) {
            insert.unwrap(PGStatement.class).setPrepareThreshold(1);
            statement.execute("begin");
            step = Step.INSERT;
            insert.setLong(1, id);
            insert.setLong(2, customer);
            insert.executeUpdate();
            step = Step.COMMIT;
            statement.execute("commit");
            lastAcknowledgedNanos = System.nanoTime();
            acknowledged.add(new Acknowledged(id, lastAcknowledgedNanos));
            acknowledgedCount = acknowledged.size();
            return true;
        } catch (SQLException e) {
            fail(id, step, e);
            return !connection.isClosed() && rollBack(connection);
        }
    }

    private boolean rollBack(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("rollback");
            return true;
        } catch (SQLException e) {
            fail(0, Step.INSERT, e);
            return !connection.isClosed();
        }
    }

    private void fail(long id, Step step, SQLException e) {
        Failed failure = new Failed(
                id, step, e.getSQLState() == null ? "-----" : e.getSQLState(), String.valueOf(e.getMessage()));
        failed.add(failure);
        lastFailed = failure;
    }
}
