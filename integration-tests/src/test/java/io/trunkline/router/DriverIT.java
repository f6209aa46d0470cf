// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.testing.Case;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** What pgjdbc can do on a direct connection it can do through the router, in each of its ways to send a query and each pool mode. */
@ParameterizedClass
@MethodSource("io.trunkline.fixture.PostgresBinaries#testMajors")
class DriverIT {
    /** One database for each pool mode and size. */
    private static final List<String> DATABASES = List.of("transaction1", "transaction4", "session1", "session4");

    private static final List<String> QUERY_MODES =
            List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything");

    private static PostgresCluster cluster;
    private static RouterUnderTest router;
    private static List<String> expected;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) throws SQLException {
        cluster = TestTopologies.start(PostgresOptions.major(major).replicas(0));
        RouterUnderTest.Builder builder = RouterUnderTest.with(
                cluster.workspace(), TestTopologies.single(cluster, 1, DATABASES.toArray(new String[0])));
        for (String database : DATABASES) {
            builder.set("databases." + database + ".pool_mode", database.substring(0, database.length() - 1));
            builder.set("databases." + database + ".pool_size", database.substring(database.length() - 1));
        }
        router = builder.start();
        try (Connection direct = RouterUnderTest.connect(cluster.primary(), TestTopologies.DATABASE, Map.of());
                Statement statement = direct.createStatement()) {
            statement.execute("create table items (id serial primary key, name text unique, amount numeric(12,2),"
                    + " code uuid, payload bytea, at timestamptz, tags text[])");
            direct.setAutoCommit(false);
            expected = everyday(direct);
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        router.close();
        cluster.close();
    }

    static Stream<Arguments> combinations() {
        List<Arguments> combinations = new ArrayList<>();
        for (String database : DATABASES) {
            for (String queryMode : QUERY_MODES) {
                for (String prepareThreshold : List.of("0", "1", "5")) {
                    combinations.add(Arguments.of(database, queryMode, prepareThreshold, true));
                    combinations.add(Arguments.of(database, queryMode, prepareThreshold, false));
                }
            }
        }
        return combinations.stream();
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void everydayWorkGivesTheSameAsOnADirectConnection(
            String database, String queryMode, String prepareThreshold, boolean autoCommit) throws SQLException {
        try (Connection connection =
                router.connect(database, Map.of("preferQueryMode", queryMode, "prepareThreshold", prepareThreshold))) {
            connection.setAutoCommit(autoCommit);

            List<String> seen = everyday(connection);

            assertThat(seen).isEqualTo(expected);
        }
    }

    /** A little of everything; leaves the table as it is found. Returns what was read. */
    private static List<String> everyday(Connection connection) throws SQLException {
        List<String> seen = new ArrayList<>();
        boolean autoCommit = connection.getAutoCommit();
        try (Statement statement = connection.createStatement()) {
            statement.execute("truncate items restart identity");
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into items (name, amount, code, payload, at, tags) values (?, ?, ?, ?, ?, ?)",
                Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 7; i++) {
                fill(connection, insert, i);
                insert.executeUpdate();
                try (ResultSet keys = insert.getGeneratedKeys()) {
                    keys.next();
                    seen.add("key " + keys.getInt("id"));
                }
            }
            for (int i = 7; i < 30; i++) {
                fill(connection, insert, i);
                insert.addBatch();
            }
            seen.add("batch " + insert.executeBatch().length);
        }
        commit(connection);
        try (PreparedStatement select =
                connection.prepareStatement("select * from items where id between ? and ? order by id")) {
            for (int i = 0; i < 7; i++) {
                select.setInt(1, i);
                select.setInt(2, i + 2);
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        seen.add(row(rows));
                    }
                }
            }
        }
        failAndGoOn(connection, seen);
        connection.setAutoCommit(false);
        try (Statement cursor = connection.createStatement();
                PreparedStatement between = connection.prepareStatement("select name from items where id = ?")) {
            cursor.setFetchSize(4);
            try (ResultSet rows = cursor.executeQuery("select id from items order by id")) {
                while (rows.next()) {
                    between.setInt(1, rows.getInt(1));
                    try (ResultSet name = between.executeQuery()) {
                        name.next();
                        seen.add(name.getString(1));
                    }
                }
            }
        }
        connection.rollback();
        connection.setAutoCommit(autoCommit);
        try (Statement statement = connection.createStatement();
                ResultSet several = several(statement)) {
            several.next();
            seen.add("second result " + several.getLong(1));
        }
        commit(connection);
        return seen;
    }

    private static void fill(Connection connection, PreparedStatement insert, int i) throws SQLException {
        insert.setString(1, "name " + i + " \u00e9\u2168");
        insert.setBigDecimal(2, new java.math.BigDecimal(i * 1_000 + "." + (10 + i)));
        insert.setObject(3, new UUID(i, i * 7L));
        insert.setBytes(4, new byte[] {(byte) i, 0, -1});
        insert.setTimestamp(5, new Timestamp(1_700_000_000_000L + i));
        insert.setArray(6, connection.createArrayOf("text", new String[] {"a" + i, null, "b,\"c"}));
    }

    private static String row(ResultSet rows) throws SQLException {
        Array tags = rows.getArray("tags");
        return rows.getInt("id") + " " + rows.getString("name") + " " + rows.getBigDecimal("amount") + " "
                + rows.getObject("code") + " " + Arrays.toString(rows.getBytes("payload")) + " "
                + rows.getTimestamp("at").getTime() + " " + Arrays.toString((Object[]) tags.getArray());
    }

    private static void failAndGoOn(Connection connection, List<String> seen) throws SQLException {
        try (PreparedStatement duplicate = connection.prepareStatement("insert into items (name) values (?)")) {
            for (int i = 0; i < 6; i++) {
                duplicate.setString(1, "name 0 \u00e9\u2168");
                try {
                    duplicate.executeUpdate();
                } catch (SQLException e) {
                    seen.add(e.getSQLState());
                    rollback(connection);
                }
            }
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("select nothing from nowhere");
        } catch (SQLException e) {
            seen.add(e.getSQLState());
            rollback(connection);
        }
    }

    private static ResultSet several(Statement statement) throws SQLException {
        statement.execute("update items set amount = amount where id < 4; select count(*) from items");
        assertThat(statement.getUpdateCount()).isEqualTo(3);
        assertThat(statement.getMoreResults()).isTrue();
        return statement.getResultSet();
    }

    private static void commit(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.commit();
        }
    }

    private static void rollback(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.rollback();
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    @Case({"C01", "C02"})
    void C01_copiesBothWays(String database) throws Exception {
        try (Connection connection = router.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists copied; create table copied (id int, word text)");
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 50_000; i++) {
                text.append(i).append("\tword ").append(i).append('\n');
            }

            long taken = copy.copyIn(
                    "copy copied from stdin",
                    new ByteArrayInputStream(text.toString().getBytes(UTF_8)));
            ByteArrayOutputStream given = new ByteArrayOutputStream();
            long rows = copy.copyOut("copy (select * from copied order by id) to stdout", given);

            assertThat(taken).isEqualTo(50_000);
            assertThat(rows).isEqualTo(50_000);
            assertThat(given.toString(UTF_8)).isEqualTo(text.toString());
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    @Case({"C04", "C05", "C08"})
    void C04_C05_goesOnAfterACopyThatFailsOrIsGivenUp(String database) throws Exception {
        try (Connection connection = router.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists copied; create table copied (id int)");
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();

            assertThatThrownBy(() -> copy.copyIn(
                            "copy copied from stdin", new ByteArrayInputStream("1\nx\n2\n".getBytes(UTF_8))))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22P02"));
            copy.copyIn("copy copied from stdin").cancelCopy();

            assertThat(count(statement, "copied")).isZero();
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    @Case("E53")
    void largeObjectsWorkByFunctionCallMessages(String database) throws Exception {
        byte[] content = new byte[300_000];
        new Random(1).nextBytes(content);
        try (Connection connection = router.connect(database)) {
            connection.setAutoCommit(false);
            LargeObjectManager objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();

            long oid = objects.createLO(LargeObjectManager.READWRITE);
            try (LargeObject object = objects.open(oid, LargeObjectManager.WRITE)) {
                object.write(content);
            }
            connection.commit();
            byte[] read;
            try (LargeObject object = objects.open(oid, LargeObjectManager.READ)) {
                object.seek(100);
                read = object.read(content.length);
            }
            objects.delete(oid);
            connection.commit();

            assertThat(read).isEqualTo(Arrays.copyOfRange(content, 100, content.length));
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    void X01_cancelsAStatementAndGoesOn(String database) throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (Connection connection = router.connect(database);
                Statement statement = connection.createStatement()) {
            Future<?> cancelled = other.submit(() -> {
                awaitRunning("select pg_sleep(60) /* " + database + " */");
                statement.cancel();
                return null;
            });

            assertThatThrownBy(() -> statement.execute("select pg_sleep(60) /* " + database + " */"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
            cancelled.get(10, TimeUnit.SECONDS);

            assertThat(statement.execute("select 1")).isTrue();
        } finally {
            other.shutdownNow();
        }
    }

    private static void awaitRunning(String sql) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> "1"
                        .equals(cluster.primary()
                                .queryText("select count(*) from pg_stat_activity where state = 'active' and query = '"
                                        + sql + "'")));
    }

    @ParameterizedTest
    @MethodSource("combinations")
    @Case("T03")
    void rollsBackToSavepoints(String database, String queryMode, String prepareThreshold, boolean autosave)
            throws SQLException {
        try (Connection connection = router.connect(
                        database,
                        Map.of(
                                "preferQueryMode",
                                queryMode,
                                "prepareThreshold",
                                prepareThreshold,
                                "autosave",
                                autosave ? "always" : "never"));
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("create temporary table steps (n int primary key) on commit drop");
            statement.execute("insert into steps values (1)");
            Savepoint savepoint = connection.setSavepoint("one");
            statement.execute("insert into steps values (2)");

            assertThatThrownBy(() -> statement.execute("insert into steps values (1)"))
                    .isInstanceOf(SQLException.class);
            connection.rollback(savepoint);
            statement.execute("insert into steps values (3)");
            connection.releaseSavepoint(savepoint);

            assertThat(count(statement, "steps")).isEqualTo(2);
            connection.commit();
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    void settingsStayWithTheConnection(String database) throws SQLException {
        try (Connection connection = router.connect(
                        database, Map.of("options", "-c statement_timeout=45s", "ApplicationName", "first"));
                Statement statement = connection.createStatement()) {
            connection.setClientInfo("ApplicationName", "second");
            connection.setSchema("pg_catalog");
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setAutoCommit(false);

            assertThat(connection.isValid(5)).isTrue();
            assertThat(show(statement, "application_name")).isEqualTo("second");
            assertThat(show(statement, "statement_timeout")).isEqualTo("45s");
            assertThat(show(statement, "search_path")).isEqualTo("pg_catalog");
            assertThat(show(statement, "transaction_isolation")).isEqualTo("repeatable read");
            assertThat(show(statement, "transaction_read_only")).isEqualTo("on");
            connection.rollback();
            try (ResultSet tables = connection.getMetaData().getTables(null, "public", "items", null)) {
                assertThat(tables.next()).isTrue();
            }
            connection.rollback();
        }
    }

    @ParameterizedTest
    @FieldSource("DATABASES")
    void aSchemaChangeUnderAPreparedStatementIsSeenAsOnADirectConnection(String database) throws SQLException {
        try (Connection connection = router.connect(database, Map.of("prepareThreshold", "1"));
                Statement statement = connection.createStatement();
                PreparedStatement select = connection.prepareStatement("select * from changing")) {
            statement.execute("drop table if exists changing; create table changing (a int);"
                    + " insert into changing values (1)");
            for (int i = 0; i < 3; i++) {
                select.executeQuery().close();
            }
            statement.execute("alter table changing add column b text default 'new'");

            // pgjdbc prepares again after the one error that PostgreSQL gives.
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                assertThat(rows.getMetaData().getColumnCount()).isEqualTo(2);
                assertThat(rows.getString(2)).isEqualTo("new");
            }
        }
    }

    @ParameterizedTest
    @FieldSource("QUERY_MODES")
    void clientsThatShareBackendsSeeTheirOwnAnswers(String queryMode) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(12);
        try {
            List<Future<Integer>> results = new ArrayList<>();
            for (int client = 0; client < 12; client++) {
                String database = client % 2 == 0 ? "transaction4" : "transaction1";
                results.add(clients.submit(askOften(database, queryMode, client)));
            }

            for (Future<Integer> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isEqualTo(150);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    /** Every client prepares other statements under the same names. */
    private static Callable<Integer> askOften(String database, String queryMode, int client) {
        return () -> {
            int right = 0;
            try (Connection connection =
                    router.connect(database, Map.of("preferQueryMode", queryMode, "prepareThreshold", "1"))) {
                connection.setAutoCommit(client % 3 == 0);
                for (int i = 0; i < 150; i++) {
                    String own = "client " + client + " statement " + i % 5;
                    try (PreparedStatement ask = connection.prepareStatement(
                            "select ?::int + 1, '" + own + "', current_setting('work_mem')")) {
                        ask.setInt(1, i);
                        try (ResultSet answer = ask.executeQuery()) {
                            answer.next();
                            right += answer.getInt(1) == i + 1
                                            && answer.getString(2).equals(own)
                                    ? 1
                                    : 0;
                        }
                    }
                    commit(connection);
                }
            }
            return right;
        };
    }

    private static long count(Statement statement, String table) throws SQLException {
        try (ResultSet rows = statement.executeQuery("select count(*) from " + table)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static String show(Statement statement, String name) throws SQLException {
        try (ResultSet rows = statement.executeQuery("show " + name)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
