// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Data many times larger than the router's memory pass through it whole and in order, in both directions; and a peer that stops in the middle
 * of it, for longer than any timeout of the router, costs nobody else anything.
 *
 * <p>{@code -Dresource.megabytes} says how large a result or a copy is, {@code -Dresource.value.megabytes} how large a single value, and
 * {@code -Dresource.readers} how many clients at a time do not read their results. What each case used is printed as a table.
 */
@EnabledIfSystemProperty(named = "resource.megabytes", matches = "[1-9][0-9]*")
class ResourceIT {
    private static final long MEBI = 1L << 20;
    private static final long TOTAL_BYTES = Long.getLong("resource.megabytes", 0) * MEBI;
    private static final long VALUE_BYTES = Long.getLong("resource.value.megabytes", 256) * MEBI;
    /** PostgreSQL reads a string constant into a buffer that grows to powers of two below 1 GB. */
    private static final long CONSTANT_BYTES = Math.min(511 * MEBI, VALUE_BYTES);
    /** More than the kernel's buffers on both sides of the router take. */
    private static final long HELD_UP_BYTES = 256 * MEBI;

    private static final long WARM_UP_BYTES = 64 * MEBI;

    /** Longer than {@code timeouts.tcp_user} as shipped. */
    private static final int STOP_SECONDS = 40;

    private static final int PROBE_SECONDS = 5;
    /** Twice {@code timeouts.tcp_user}: slow reading is no silence, however long it lasts. */
    private static final int SLOW_SECONDS = 60;

    private static final int READERS = Integer.getInteger("resource.readers", 8);
    /** What the other clients of a case need at most. */
    private static final int OTHER_BACKENDS = 8;
    /** For probes, and for what the test asks the server directly. */
    private static final int SPARE_CONNECTIONS = 20;

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final ResourceReport REPORT = new ResourceReport();

    private static PostgresCluster cluster;
    private static SmallRouter router;
    private static BulkTransfer transfer;
    private static ExecutorService threads;
    private static BoundedMemory memory;

    @BeforeAll
    static void start() throws Exception {
        cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_connections", Integer.toString(READERS + OTHER_BACKENDS + SPARE_CONNECTIONS)));
        TestTopologies.prepare(cluster);
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("defaults.pool_size", Integer.toString(READERS + OTHER_BACKENDS));
        configuration.set("limits.backends_per_node", Integer.toString(READERS + OTHER_BACKENDS));
        router = SmallRouter.start(cluster, configuration);
        transfer = new BulkTransfer(router);
        threads = Executors.newCachedThreadPool();
        memory = new BoundedMemory(router, REPORT);
        memory.measure(
                "warm-up of " + WARM_UP_BYTES / MEBI + " MB each way",
                () -> transfer.readValue(WARM_UP_BYTES)
                        + transfer.readRows(WARM_UP_BYTES)
                        + transfer.copyOut(WARM_UP_BYTES)
                        + transfer.copyIn(WARM_UP_BYTES)
                        + transfer.writeQuery(WARM_UP_BYTES)
                        + transfer.writeParameter("", WARM_UP_BYTES));
        memory.warmedUp();
    }

    @AfterAll
    static void stop() {
        System.out.println(REPORT);
        threads.shutdownNow();
        router.close();
        cluster.close();
    }

    @AfterEach
    void nothingWentWrongAndNobodyIsLeft() {
        assertThat(router.isRunning()).isTrue();
        assertThat(router.complaints()).isEmpty();
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(SmallRouter.sum(router.metrics(), "trunkline_sessions"))
                        .isZero());
    }

    @Test
    @Case("B04")
    void B04_readsOneRow() throws Exception {
        memory.measure("one row, read", () -> transfer.readValue(VALUE_BYTES));
    }

    @Test
    void readsOneRowByPsql() throws Exception {
        assumeTrue(BulkTransfer.isPsqlInstalled(), "psql is not installed");

        memory.measure("one row, read by psql", () -> transfer.readValueByPsql(VALUE_BYTES));
    }

    @Test
    @Case("B04")
    void B04_writesOneQuery() throws Exception {
        memory.measure("one Query, written", () -> transfer.writeQuery(CONSTANT_BYTES));
    }

    @Test
    @Case("B04")
    void B04_writesOneParameterOfTheUnnamedStatement() throws Exception {
        memory.measure("one Bind, unnamed, written", () -> transfer.writeParameter("", VALUE_BYTES));
    }

    @Test
    @Case("B04")
    void B04_writesOneParameterOfANamedStatement() throws Exception {
        memory.measure("one Bind, named, written", () -> transfer.writeParameter("large", VALUE_BYTES));
    }

    @Test
    void readsAResultOfManyRows() throws Exception {
        memory.measure("a result of many rows, read", () -> transfer.readRows(TOTAL_BYTES));
    }

    @Test
    void readsACopy() throws Exception {
        memory.measure("COPY TO STDOUT, read", () -> transfer.copyOut(TOTAL_BYTES));
    }

    @Test
    void readsACopyByPsql() throws Exception {
        assumeTrue(BulkTransfer.isPsqlInstalled(), "psql is not installed");

        memory.measure("COPY TO STDOUT, read by psql", () -> transfer.copyOutByPsql(TOTAL_BYTES));
    }

    @Test
    void writesACopy() throws Exception {
        memory.measure("COPY FROM STDIN, written and compared", () -> transfer.copyIn(TOTAL_BYTES));
    }

    @Test
    void aClientThatReadsAllItCanLeavesOthersTheirTurn() throws Exception {
        try (LatencyProbe other = new LatencyProbe(router.connect())) {
            LatencyProbe.Latencies before = other.askFor(PROBE_SECONDS);

            memory.measure("a result read while another client asks", () -> {
                Future<Long> reading = threads.submit(() -> transfer.readRows(TOTAL_BYTES));
                noteProgress("a client reads all it can", before, other.askFor(PROBE_SECONDS));
                return reading.get();
            });
        }
    }

    @Test
    void aClientThatStopsReadingDisturbsNobodyAndMayGoOn() throws Exception {
        try (LatencyProbe other = new LatencyProbe(router.connect());
                WireClient stopped = router.connect()) {
            LatencyProbe.Latencies before = other.askFor(PROBE_SECONDS);

            memory.measure("a result not read for " + STOP_SECONDS + " s", () -> {
                stopped.send(query(BulkTransfer.rows(TOTAL_BYTES)));
                awaitServersThatWait(1, "ClientWrite");
                noteProgress("a client has stopped reading", before, other.askFor(STOP_SECONDS));
                return BulkTransfer.receiveRows(stopped, TOTAL_BYTES);
            });
        }
    }

    @Test
    @Case("B01")
    void B01_manySlowReadersDisturbNobodyAndMayGoOn() throws Exception {
        try (LatencyProbe other = new LatencyProbe(router.connect())) {
            LatencyProbe.Latencies before = other.askFor(PROBE_SECONDS);

            memory.measure(READERS + " slow readers, one reads all", () -> {
                try (SlowReaders readers = new SlowReaders(router, READERS, TOTAL_BYTES)) {
                    awaitServersThatWait(READERS, "ClientWrite");
                    noteProgress(READERS + " clients have stopped reading", before, other.askFor(STOP_SECONDS));
                    Future<Long> reading = threads.submit(() -> readers.readSlowly(SLOW_SECONDS));
                    noteProgress(READERS + " clients read slowly", before, other.askFor(SLOW_SECONDS));
                    long slowBytes = reading.get();
                    return slowBytes + readers.readOneToTheEnd();
                }
            });
        }
    }

    @Test
    @Case({"B01", "B04"})
    void B01_oneRowPassesBesideManySlowReaders() throws Exception {
        memory.measure("one row, read beside " + READERS + " results not read", () -> {
            try (SlowReaders readers = new SlowReaders(router, READERS, TOTAL_BYTES)) {
                awaitServersThatWait(READERS, "ClientWrite");
                return transfer.readValue(VALUE_BYTES);
            }
        });
    }

    @Test
    void aClientThatStopsWithinAMessageDisturbsNobodyAndMayGoOn() throws Exception {
        try (LatencyProbe other = new LatencyProbe(router.connect());
                WireClient stopped = router.connect();
                WireClient dying = router.connect()) {
            LatencyProbe.Latencies before = other.askFor(PROBE_SECONDS);

            memory.measure("half a Bind, nothing for " + STOP_SECONDS + " s, the rest", () -> {
                NumberedText text = BulkTransfer.beginParameter(stopped, "", VALUE_BYTES);
                text.writeTo(stopped.output(), VALUE_BYTES / 2);
                BulkTransfer.beginParameter(dying, "", VALUE_BYTES).writeTo(dying.output(), VALUE_BYTES / 2);
                noteProgress("two clients have stopped within a message", before, other.askFor(STOP_SECONDS));
                dying.abort();
                text.writeTo(stopped.output(), VALUE_BYTES - VALUE_BYTES / 2);
                return BulkTransfer.endParameter(stopped, text);
            });
        }
    }

    @Test
    void aNodeThatStopsReadingHoldsUpOnlyWhoWritesToIt() throws Exception {
        try (LatencyProbe other = new LatencyProbe(router.connect());
                WireClient owner = router.connect();
                WireClient writer = router.connect()) {
            LatencyProbe.Latencies before = other.askFor(PROBE_SECONDS);
            owner.query("create unlogged table held (line text primary key)");
            owner.query("begin");
            owner.query("insert into held values (" + NumberedText.sql("1") + ")");

            memory.measure("COPY FROM STDIN, held up for " + STOP_SECONDS + " s", () -> {
                Future<Long> copying = threads.submit(() -> BulkTransfer.copyInto(writer, "held", HELD_UP_BYTES));
                // The first line is in the table already and may yet go again: the server waits to know, and reads no
                // further.
                awaitServersThatWait(1, "transactionid");
                noteProgress("a node has stopped reading", before, other.askFor(STOP_SECONDS));
                assertThat(copying.isDone()).isFalse();
                owner.query("rollback");
                return copying.get();
            });
            owner.query("drop table held");
        }
    }

    private static void awaitServersThatWait(int count, String event) {
        await().atMost(LIMIT)
                .until(() -> Integer.toString(count)
                        .equals(cluster.primary()
                                .queryText(
                                        "select count(*) from pg_stat_activity where wait_event = '" + event + "'")));
    }

    private static void noteProgress(String situation, LatencyProbe.Latencies before, LatencyProbe.Latencies during) {
        REPORT.note("a client of the same event loop before: " + before);
        REPORT.note("... while " + situation + ": " + during);
        assertThat(during.answers()).as("answers while " + situation).isGreaterThan(100);
    }
}
