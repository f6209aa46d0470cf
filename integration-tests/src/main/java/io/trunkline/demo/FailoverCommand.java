// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ShardFunction;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code demo failover}: kills a primary of the running demo while clients write, promotes its replica, publishes, and tells what the clients saw.
 *
 * <p>Then the killed server comes back as a replica, so that the command can be repeated; the roles have changed places. Ends with 1 when
 * something happened that must not.
 */
@Command(
        name = "failover",
        mixinStandardHelpOptions = true,
        description = "Kills a primary of the running demo and reports what writing clients saw.")
final class FailoverCommand implements Callable<Integer> {
    private static final Duration BEFORE = Duration.ofSeconds(1);
    private static final Duration AFTER = Duration.ofSeconds(1);
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(90);
    private static final int WARM_WRITES = 20;

    /** Ids of one run lie in a range of this size that begins at the time in milliseconds times the size. */
    private static final long IDS_OF_A_RUN = 1_000_000;

    @Option(
            names = "--port",
            defaultValue = "6432",
            description = "the running router's port (default: ${DEFAULT-VALUE})")
    private int port;

    @Option(names = "--shard", defaultValue = "0", description = "whose primary is killed (default: ${DEFAULT-VALUE})")
    private int shard;

    @Option(
            names = "--clients",
            defaultValue = "4",
            description = "writing clients on each shard (default: ${DEFAULT-VALUE})")
    private int clients;

    @Override
    public Integer call() throws Exception {
        DemoState state = DemoState.read(port);
        if (shard < 0 || shard >= state.shards()) {
            throw new FixtureException("--shard " + shard + ": 0 to " + (state.shards() - 1) + " is wanted");
        }
        long firstId = System.currentTimeMillis() * IDS_OF_A_RUN;
        List<FailoverWriter> writers = writers(state.shards(), new AtomicLong(firstId));
        List<Thread> threads = writers.stream().map(Thread::new).toList();
        threads.forEach(Thread::start);
        try {
            return watch(state, writers, threads, firstId);
        } finally {
            writers.forEach(FailoverWriter::stop);
        }
    }

    private int watch(DemoState state, List<FailoverWriter> writers, List<Thread> threads, long firstId)
            throws Exception {
        if (!Deadline.in(RECOVERY_LIMIT)
                .comes(() -> writers.stream().allMatch(writer -> writer.acknowledgedCount() >= WARM_WRITES))) {
            throw new FixtureException(
                    "the clients cannot write, nothing was killed; the last errors:\n" + lastErrors(writers));
        }
        long fromNanos = System.nanoTime();
        Thread.sleep(BEFORE.toMillis());

        long killNanos = System.nanoTime();
        String killed = DemoControl.ask(state.control(), "kill", shard);
        long killedNanos = System.nanoTime();
        String promoted = DemoControl.ask(state.control(), "promote", shard);
        long promotedNanos = System.nanoTime();
        String revision = DemoControl.ask(state.control(), "publish", shard);
        long publishedNanos = System.nanoTime();
        boolean recovered = Deadline.in(RECOVERY_LIMIT)
                .comes(() -> writers.stream().allMatch(writer -> writer.lastAcknowledgedNanos() > publishedNanos));
        Thread.sleep(AFTER.toMillis());
        writers.forEach(FailoverWriter::stop);
        for (Thread thread : threads) {
            thread.join();
        }

        System.out.printf(
                "killed %s in %d ms, promoted %s in %d ms, published revision %s in %d ms%n",
                killed,
                millis(killNanos, killedNanos),
                promoted,
                millis(killedNanos, promotedNanos),
                revision,
                millis(promotedNanos, publishedNanos));
        DemoState now = DemoState.read(port);
        boolean good = recovered;
        for (int each = 0; each < state.shards(); each++) {
            int of = each;
            FailoverReport report = new FailoverReport(
                    each,
                    writers.stream()
                            .filter(writer -> writer.shard() == of)
                            .map(FailoverWriter::record)
                            .toList(),
                    takeRows(now.primaryPort(each), firstId),
                    fromNanos,
                    promotedNanos);
            System.out.print(report.text());
            good &= report.isGood();
        }
        System.out.println(recovered ? "every client wrote again" : "NOT EVERY CLIENT WROTE AGAIN");

        long rejoinNanos = System.nanoTime();
        String back = DemoControl.ask(state.control(), "rejoin", shard);
        System.out.printf("%s is back as a replica after %d ms%n", back, millis(rejoinNanos, System.nanoTime()));
        System.out.println(
                good
                        ? "good: no acknowledged write is missing, no connection was lost, no error outside an open transaction"
                        : "NOT GOOD, see above");
        return good ? 0 : 1;
    }

    private static String lastErrors(List<FailoverWriter> writers) {
        return writers.stream()
                .map(FailoverWriter::lastFailed)
                .filter(Objects::nonNull)
                .map(failed -> failed.sqlState() + " " + failed.message())
                .distinct()
                .collect(Collectors.joining("\n"));
    }

    private List<FailoverWriter> writers(int shards, AtomicLong ids) {
        ShardFunction function = DemoTopology.shardFunction(shards);
        List<FailoverWriter> writers = new ArrayList<>();
        for (int each = 0; each < shards; each++) {
            for (int client = 0; client < clients; client++) {
                writers.add(new FailoverWriter(port, each, customerOn(each, client, function), ids));
            }
        }
        return writers;
    }

    /** Returns the n-th customer of a shard. */
    private static long customerOn(int wanted, int ordinal, ShardFunction function) {
        int before = ordinal;
        for (long id = 1; ; id++) {
            if (function.shardOf(KeyValue.ofLong(id)).getAsInt() == wanted && before-- == 0) {
                return id;
            }
        }
    }

    /** Returns the ids of this run that a primary has, asked directly, and removes their rows. */
    private static Set<Long> takeRows(int primaryPort, long firstId) throws SQLException {
        Set<Long> rows = new HashSet<>();
        String url = "jdbc:postgresql://" + Demo.HOST + ":" + primaryPort + "/" + Demo.DATABASE;
        try (Connection connection =
                        DriverManager.getConnection(url, PostgresServer.SUPERUSER, PostgresServer.PASSWORD);
                PreparedStatement delete =
                        connection.prepareStatement("delete from orders where id >= ? and id < ? returning id")) {
            delete.setLong(1, firstId);
            delete.setLong(2, firstId + IDS_OF_A_RUN);
            try (ResultSet deleted = delete.executeQuery()) {
                while (deleted.next()) {
                    rows.add(deleted.getLong(1));
                }
            }
        }
        return rows;
    }

    private static long millis(long fromNanos, long toNanos) {
        return TimeUnit.NANOSECONDS.toMillis(toNanos - fromNanos);
    }
}
