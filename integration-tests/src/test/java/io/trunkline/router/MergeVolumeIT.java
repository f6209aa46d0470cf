// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.bench.SpreadTable;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.topology.ShardedTable;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows and groups of four shards, more of them than the router has memory for, come whole and in order, however slowly they are read; what needs
 * too much memory is refused; and a client that leaves in the middle leaves nothing behind.
 *
 * <p>{@code -Dmerge.rows} says how many rows there are, {@code -Dmerge.pause.seconds} how long a reader stops, and another reads slowly. What
 * each case used is printed as a table.
 */
class MergeVolumeIT {
    private static final int SHARDS = 4;
    private static final long ROWS = Long.getLong("merge.rows", 100_000);
    private static final int PAUSE_SECONDS = Integer.getInteger("merge.pause.seconds", 2);
    private static final int REPEATS = 10;
    private static final int SHORT_ROWS = 1_000;
    private static final long STOP_LIMIT_MILLIS = 10_000;
    /** Of 100 bytes: more than the kernel's buffers between four servers and a client may take. */
    private static final long ROWS_BEYOND_BUFFERS = 1_000_000;

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final SpreadTable TABLE = new SpreadTable(SHARDS);
    private static final ResourceReport REPORT = new ResourceReport();

    private static ShardedCluster shards;
    private static SmallRouter router;
    private static ExecutorService threads;
    private static BoundedMemory memory;

    @BeforeAll
    static void start() throws Exception {
        shards = ShardedCluster.start(
                SHARDS, TestTopologies.trusting(PostgresOptions.newest().replicas(0)));
        IntStream.range(0, SHARDS).parallel().forEach(MergeVolumeIT::fill);
        RouterConfiguration configuration = RouterConfiguration.forTests();
        configuration.set("limits.merge_memory", "1MiB");
        configuration.set("limits.merged_row", "1MiB");
        router = SmallRouter.start(
                shards.workspace(),
                TestTopologies.sharded(
                        shards,
                        1,
                        List.of(TABLE.distribution()),
                        List.of(
                                TABLE.sharded(),
                                new ShardedTable(
                                        ShardedTable.SCHEMA_DEFAULT,
                                        "long_rows",
                                        "device",
                                        TABLE.distribution().name())),
                        List.of(),
                        TestTopologies.DATABASE),
                configuration);
        threads = Executors.newCachedThreadPool();
        memory = new BoundedMemory(router, REPORT);
        // Until the catalogue has been read, nothing is known to be a read.
        await().atMost(LIMIT)
                .until(() -> ask("select count(*) from " + SpreadTable.NAME).equals(Long.toString(ROWS)));
        memory.measure("warm-up", () -> readAll(new SpreadRowsReader(TABLE), simple()));
        memory.warmedUp();
    }

    private static void fill(int index) {
        PostgresCluster shard = shards.shard(index);
        TestTopologies.prepare(shard);
        TABLE.fill(shard.primary(), TestTopologies.DATABASE, index, ROWS);
        // The last row of all is longer than the limit.
        shard.primary()
                .executeIn(
                        TestTopologies.DATABASE,
                        "create table long_rows as select * from " + SpreadTable.NAME + " where row_number < "
                                + SHORT_ROWS,
                        "insert into long_rows select row_number, device, repeat('x', 2000000) from " + SpreadTable.NAME
                                + " where row_number = " + SHORT_ROWS,
                        "grant all on long_rows to public");
    }

    @AfterAll
    static void stop() {
        System.out.println(REPORT);
        threads.shutdownNow();
        router.close();
        shards.close();
    }

    @AfterEach
    void nothingWentWrongAndNothingIsHeld() {
        assertThat(router.isRunning()).isTrue();
        assertThat(router.complaints()).isEmpty();
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(SmallRouter.sum(router.metrics(), "trunkline_sessions")).isZero();
            assertThat(router.metrics())
                    .filteredOn(line -> line.startsWith("trunkline_backends{") && !line.contains("state=\"idle\""))
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith(" 0.0") || line.endsWith(" 0"));
            for (PostgresCluster shard : shards.shards()) {
                assertThat(atWork(shard))
                        .as("backends at work on " + shard.primary().name())
                        .isEqualTo("0");
            }
        });
        assertThat(ask("select count(*) from " + SpreadTable.NAME)).isEqualTo(Long.toString(ROWS));
    }

    @Test
    void readsAllRowsInOrderByASimpleQuery() throws Exception {
        memory.measure("all rows in order, simple query", () -> readAll(new SpreadRowsReader(TABLE), simple()));
    }

    @Test
    void readsAllRowsInOrderByAnExtendedQuery() throws Exception {
        memory.measure("all rows in order, extended query", () -> readAll(new SpreadRowsReader(TABLE), extended()));
    }

    @Test
    void readsAllRowsInOrderOfAColumnThatIsNotReturned() throws Exception {
        memory.measure("all labels in order of another column", () -> {
            long[] read = new long[2];
            receive("select label from " + SpreadTable.NAME + " order by row_number", ROWS, (in, length) -> {
                assertThat(new ServerMessage('D', in.readNBytes(length)).columns())
                        .containsExactly(SpreadTable.label(read[0]));
                read[0]++;
                read[1] += length;
            });
            return read[1];
        });
    }

    @Test
    void readsAllRowsInNoOrder() throws Exception {
        memory.measure("all rows in no order", () -> {
            BitSet seen = new BitSet();
            long[] bytes = new long[1];
            receive("select row_number, label from " + SpreadTable.NAME, ROWS, (in, length) -> {
                List<String> row = new ServerMessage('D', in.readNBytes(length)).columns();
                int number = Integer.parseInt(row.get(0));
                assertThat(row.get(1)).isEqualTo(SpreadTable.label(number));
                seen.set(number);
                bytes[0] += length;
            });
            assertThat(seen.cardinality()).isEqualTo((int) ROWS);
            return bytes[0];
        });
    }

    @Test
    void aClientMayReadSlowly() throws Exception {
        memory.measure(
                "all rows in order, read slowly for " + PAUSE_SECONDS + " s",
                () -> readAll(new SpreadRowsReader(TABLE).slowFor(PAUSE_SECONDS), extended()));
    }

    @Test
    void aClientMayStopAndGoOnAndDisturbsNobody() throws Exception {
        memory.measure("all rows in order, not read for " + PAUSE_SECONDS + " s", () -> {
            try (LatencyProbe other = new LatencyProbe(router.connect())) {
                Future<Long> reading = threads.submit(
                        () -> readAll(new SpreadRowsReader(TABLE).stoppingAt(ROWS / 100, PAUSE_SECONDS + 1), simple()));
                if (ROWS >= ROWS_BEYOND_BUFFERS) {
                    awaitServersThatWait();
                }
                LatencyProbe.Latencies during = other.askFor(PAUSE_SECONDS);
                REPORT.note("a client of the same event loop while another has stopped within a merge: " + during);
                assertThat(during.answers()).isGreaterThan(100);
                return reading.get();
            }
        });
    }

    /** Of one row each, and of ten, which lie on several shards. */
    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void readsGroupsInOrder(int rowsInGroup) throws Exception {
        long groups = ROWS / rowsInGroup;
        memory.measure("%,d groups in order of their key".formatted(groups), () -> {
            long[] read = new long[2];
            receive(groups(rowsInGroup) + " order by g", groups, (in, length) -> {
                assertThat(new ServerMessage('D', in.readNBytes(length)).columns())
                        .isEqualTo(group(read[0], rowsInGroup));
                read[0]++;
                read[1] += length;
            });
            return read[1];
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void readsTheLargestGroups(int rowsInGroup) throws Exception {
        long groups = ROWS / rowsInGroup;
        List<List<String>> expected = LongStream.rangeClosed(1, 10)
                .mapToObj(place -> group(groups - place, rowsInGroup))
                .toList();

        memory.measure("10 of %,d groups in order of a sum".formatted(groups), () -> {
            try (WireClient client = router.connect()) {
                assertThat(client.query(groups(rowsInGroup) + " order by sum(row_number) desc limit 10").stream()
                                .filter(message -> message.type() == 'D')
                                .map(ServerMessage::columns))
                        .isEqualTo(expected);
            }
            return 0;
        });
    }

    @Test
    void groupsThatNeedTooMuchMemoryAreRefused() throws Exception {
        memory.measure(REPEATS + " times too many groups in order of a sum", () -> {
            try (WireClient client = router.connect()) {
                for (int i = 0; i < REPEATS; i++) {
                    List<ServerMessage> answer = client.query(groups(10) + " order by sum(row_number) desc");
                    assertFails(answer, "53200");
                    assertThat(client.ask("select 1")).isEqualTo("1");
                }
            }
            return 0;
        });
    }

    /** Each array has up to 200 bytes of a row. */
    @Test
    void arraysThatNeedTooMuchMemoryAreRefused() throws Exception {
        String table = " from " + SpreadTable.NAME;
        memory.measure(REPEATS + " times arrays of too many rows", () -> {
            try (WireClient client = router.connect()) {
                for (int i = 0; i < REPEATS; i++) {
                    String rows = i % 2 == 0 ? " where row_number < 30000" : "";
                    String group = i % 2 == 0 ? "" : " group by row_number / 100";
                    List<ServerMessage> answer =
                            client.query("select array_length(array_agg(label), 1)" + table + rows + group);
                    assertFails(answer, "53200");
                    assertThat(client.ask(
                                    "select array_length(array_agg(label), 1)" + table + " where row_number < 500"))
                            .isEqualTo("500");
                }
            }
            return 0;
        });
    }

    @Test
    void groupsAreFinishedByAShard() throws Exception {
        // As many as fit into the memory that this router has for them.
        int rowsInGroup = (int) Math.max(10, ROWS / 10_000);
        memory.measure("groups of %,d rows, finished by a shard".formatted(rowsInGroup), () -> {
            long[] read = new long[2];
            receive(groups(rowsInGroup) + " having count(*) * 2 > 10 order by g", ROWS / rowsInGroup, (in, length) -> {
                assertThat(new ServerMessage('D', in.readNBytes(length)).columns())
                        .isEqualTo(group(read[0], rowsInGroup));
                read[0]++;
                read[1] += length;
            });
            return read[1];
        });
    }

    @Test
    void tooManyGroupsForAShardToFinishAreRefused() throws Exception {
        memory.measure(REPEATS + " times too many groups to finish", () -> {
            try (WireClient client = router.connect()) {
                for (int i = 0; i < REPEATS; i++) {
                    assertFails(client.query(groups(2) + " having count(*) > 0"), "53200");
                    assertThat(client.ask("select 1")).isEqualTo("1");
                }
            }
            return 0;
        });
    }

    @Test
    void aRowThatIsTooLongIsRefused() throws Exception {
        memory.measure(REPEATS + " times a row that is too long", () -> {
            long rows = 0;
            try (WireClient client = router.connect()) {
                for (int i = 0; i < REPEATS; i++) {
                    List<ServerMessage> answer = client.query("select * from long_rows order by row_number");
                    assertFails(answer, "54000");
                    rows += answer.stream()
                            .filter(message -> message.type() == 'D')
                            .count();
                    assertThat(client.ask("select 1")).isEqualTo("1");
                }
            }
            REPORT.note("rows ahead of one that is too long: " + rows / REPEATS + " of " + SHORT_ROWS);
            return 0;
        });
    }

    @Test
    void clientsThatDieInTheMiddleLeaveNothing() throws Exception {
        memory.measure(2 * REPEATS + " clients that die", () -> {
            for (int i = 0; i < REPEATS; i++) {
                for (byte[][] request : List.of(simple(), extended())) {
                    WireClient client =
                            WireClient.connectWithReceiveBuffer(router.port(), TestTopologies.DATABASE, 32 * 1024);
                    client.send(request);
                    for (int row = 0; row < 100 * i; row++) {
                        client.receive();
                    }
                    client.abort();
                }
            }
            return 0;
        });
        REPORT.note("backends closed so far: " + SmallRouter.sum(router.metrics(), "trunkline_backends_closed_total"));
    }

    /** Their rows are far from the first: nothing is written to the client by which the router could notice. */
    @Test
    void aClientThatDiesWhileTheShardsWorkLeavesNothing() throws Exception {
        memory.measure("a client that dies while shards work", () -> {
            WireClient client = router.connect();
            client.send(query("select count(*) from " + SpreadTable.NAME + " where md5(repeat(label, 10000)) = ''"));
            awaitAtWork("1");
            long start = System.nanoTime();
            client.abort();
            awaitAtWork("0");
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            REPORT.note("the shards stopped %,d ms after their client".formatted(millis));
            assertThat(millis).isLessThan(STOP_LIMIT_MILLIS);
            return 0;
        });
    }

    private static void awaitAtWork(String count) {
        for (PostgresCluster shard : shards.shards()) {
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(20))
                    .untilAsserted(() -> assertThat(atWork(shard)).isEqualTo(count));
        }
    }

    /** Workers of a parallel query not counted. */
    private static @Nullable String atWork(PostgresCluster shard) {
        return shard.primary()
                .queryText("select count(*) from pg_stat_activity where state <> 'idle' and usename = '"
                        + RouterUnderTest.TRUSTED_USER + "' and backend_type = 'client backend'");
    }

    private static String groups(int rowsInGroup) {
        return "select row_number / " + rowsInGroup + " as g, count(*), sum(row_number) from " + SpreadTable.NAME
                + " group by row_number / " + rowsInGroup;
    }

    private static List<String> group(long number, int rowsInGroup) {
        long sum = number * rowsInGroup * rowsInGroup + rowsInGroup * (rowsInGroup - 1L) / 2;
        return List.of(Long.toString(number), Integer.toString(rowsInGroup), Long.toString(sum));
    }

    private static void assertFails(List<ServerMessage> answer, String sqlState) {
        ServerMessage error = answer.get(answer.size() - 2);
        assertThat(error.type()).as(error.toString()).isEqualTo('E');
        assertThat(error.sqlState()).as(error.toString()).isEqualTo(sqlState);
        assertThat(answer.get(answer.size() - 1).status()).isEqualTo('I');
    }

    private static byte[][] simple() {
        return new byte[][] {query(SpreadTable.ALL_IN_ORDER)};
    }

    private static byte[][] extended() {
        return new byte[][] {
            parse("", SpreadTable.ALL_IN_ORDER), bind("", ""), describePortal(""), execute("", 0), sync()
        };
    }

    private static void receive(String sql, long rowCount, WireClient.BodyReader rows) {
        try (WireClient client = router.connect()) {
            List<ServerMessage> rest = client.send(query(sql)).receiveUntilReady('D', rows);
            assertThat(rest.stream().map(ServerMessage::toString))
                    .endsWith("CommandComplete SELECT " + rowCount, "ReadyForQuery I");
        }
    }

    /** Reads by a client of its own, whose kernel takes little in advance. */
    private static long readAll(SpreadRowsReader reader, byte[]... request) {
        try (WireClient client =
                WireClient.connectWithReceiveBuffer(router.port(), TestTopologies.DATABASE, 32 * 1024)) {
            return reader.receive(client.send(request), ROWS);
        }
    }

    private static String ask(String sql) {
        try (WireClient client = router.connect()) {
            return String.valueOf(client.ask(sql));
        }
    }

    private static void awaitServersThatWait() {
        for (PostgresCluster shard : shards.shards()) {
            await().atMost(LIMIT)
                    .until(() -> "1"
                            .equals(shard.primary()
                                    .queryText(
                                            "select count(*) from pg_stat_activity where wait_event = 'ClientWrite'")));
        }
    }
}
