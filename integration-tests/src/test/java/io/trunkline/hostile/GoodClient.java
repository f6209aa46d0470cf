// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import io.trunkline.fixture.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;

/** A driver that works correctly on one connection the whole time, checks each answer and notes how long it took. */
final class GoodClient implements Runnable {
    private static final int LATENCIES_MAX = 1 << 20;

    private final int port;
    private final Tally tally;
    private final long[] latencies = new long[LATENCIES_MAX];
    private volatile int rounds;
    private volatile boolean stopped;

    GoodClient(int port, Tally tally) {
        this.port = port;
        this.tally = tally;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        String url = "jdbc:postgresql://127.0.0.1:" + port + "/" + HostileRouter.GOOD + "?socketTimeout=60";
        try (Connection connection =
                        DriverManager.getConnection(url, PostgresServer.SUPERUSER, PostgresServer.PASSWORD);
                PreparedStatement prepared = connection.prepareStatement("select ?::text || ?::text")) {
            for (int number = 0; !stopped; number++) {
                long start = System.nanoTime();
                round(connection, prepared, number);
                latencies[number % LATENCIES_MAX] = System.nanoTime() - start;
                rounds = number + 1;
            }
        } catch (SQLException e) {
            tally.fail("the well-behaved client got " + e.getSQLState() + ": " + e.getMessage());
        }
    }

    private void round(Connection connection, PreparedStatement prepared, int number) throws SQLException {
        prepared.setString(1, "good");
        prepared.setString(2, Integer.toString(number));
        expect("good" + number, prepared.executeQuery());
        if (number % 10 == 0) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("update counter set n = " + number);
                expect(Integer.toString(number), statement.executeQuery("select n from counter"));
            }
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    private void expect(String value, ResultSet rows) throws SQLException {
        try (rows) {
            if (!rows.next() || !value.equals(rows.getString(1)) || rows.next()) {
                tally.fail("the well-behaved client did not get " + value);
            }
        }
    }

    int rounds() {
        return rounds;
    }

    @Override
    public String toString() {
        long[] sorted = Arrays.copyOf(latencies, Math.min(rounds, LATENCIES_MAX));
        Arrays.sort(sorted);
        return sorted.length == 0
                ? "no round"
                : "%,d rounds, median %,d µs, p99 %,d µs"
                        .formatted(rounds, sorted[sorted.length / 2] / 1_000, sorted[sorted.length * 99 / 100] / 1_000);
    }
}
