// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.math.BigDecimal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What an application sees through pgjdbc in one of its ways to send a query, {@code preferQueryMode}. */
final class PgjdbcSuite implements DriverSuite {
    private static final int MEGABYTE = 1 << 20;
    /** Longer values are shown as their length and the beginning of their hash. */
    private static final int SHOWN_BYTES = 400;

    private static final int WAIT_MILLIS = 30_000;
    private static final int CLIENTS = 8;

    private final String queryMode;

    PgjdbcSuite(String queryMode) {
        this.queryMode = queryMode;
    }

    private interface Check {
        void run(Seen seen) throws Exception;
    }

    private interface Action {
        void run() throws Exception;
    }

    /** Writes down what one check sees. */
    private static final class Seen {
        private final String check;
        private final List<String> lines;

        Seen(String check, List<String> lines) {
            this.check = check;
            this.lines = lines;
        }

        void ok(@Nullable Object... values) {
            StringBuilder line = new StringBuilder("ok ").append(check);
            for (Object value : values) {
                line.append(' ').append(shortened(value));
            }
            lines.add(line.toString());
        }

        void error(SQLException error) {
            StringBuilder line =
                    new StringBuilder("error ").append(check).append(' ').append(error.getSQLState());
            ServerErrorMessage server = error instanceof PSQLException own ? own.getServerErrorMessage() : null;
            if (server == null) {
                line.append(' ').append(error.getMessage());
            } else {
                line.append(' ').append(server.getSeverity()).append(' ').append(server.getMessage());
                Map<String, @Nullable Object> fields = new LinkedHashMap<>();
                fields.put("detail", server.getDetail());
                fields.put("hint", server.getHint());
                fields.put("position", server.getPosition());
                fields.put("where", server.getWhere());
                fields.put("schema", server.getSchema());
                fields.put("table", server.getTable());
                fields.put("column", server.getColumn());
                fields.put("datatype", server.getDatatype());
                fields.put("constraint", server.getConstraint());
                if (check.equals("errors")) {
                    // Errors of the router's own have no place in PostgreSQL's source.
                    fields.put("file", server.getFile());
                    fields.put("line", server.getLine());
                    fields.put("routine", server.getRoutine());
                }
                fields.forEach((name, value) -> {
                    if (value != null) {
                        line.append(' ').append(name).append('=').append(shortened(value));
                    }
                });
            }
            lines.add(line.toString().replace("\n", "\\n"));
        }

        /** Runs what must fail, and shows how. */
        void fails(Action action) throws Exception {
            try {
                action.run();
            } catch (SQLException e) {
                error(e);
                return;
            }
            ok("no error");
        }
    }

    /** The checks of one run, and where they connect to. */
    private final class Run {
        private final Target target;

        Run(Target target) {
            this.target = target;
        }

        Map<String, Check> checks() {
            Map<String, Check> checks = new LinkedHashMap<>();
            checks.put("login", this::login);
            checks.put("login-refused", this::loginRefused);
            checks.put("prepared-repeatedly", this::preparedRepeatedly);
            checks.put("prepared-many", this::preparedMany);
            checks.put("prepared-in-transactions", this::preparedInTransactions);
            checks.put("prepared-again-after-deallocate-all", this::preparedAgainAfterDeallocateAll);
            checks.put("prepared-before-the-table-changed", this::preparedBeforeTheTableChanged);
            checks.put("prepared-after-the-table-changed", this::preparedAfterTheTableChanged);
            checks.put("prepared-by-sql", this::preparedBySql);
            if (!queryMode.equals("simple")) {
                checks.put("parameters-are-described", this::parametersAreDescribed);
            }
            checks.put("batches", this::batches);
            checks.put("batch-with-an-error", this::batchWithAnError);
            checks.put("several-statements-in-one-query", this::severalStatementsInOneQuery);
            checks.put("generated-keys", this::generatedKeys);
            checks.put("copy-in-and-out", this::copyInAndOut);
            checks.put("copy-of-several-megabytes", this::copyOfSeveralMegabytes);
            checks.put("copy-that-fails", this::copyThatFails);
            checks.put("cancel", this::cancel);
            checks.put("cancel-in-a-transaction", this::cancelInATransaction);
            checks.put("query-timeout", this::queryTimeout);
            checks.put("notifications-of-its-own", this::notificationsOfItsOwn);
            checks.put("concurrent-notifications", this::concurrentNotifications);
            checks.put("notices", this::notices);
            checks.put("cursor-by-fetch-size", this::cursorByFetchSize);
            checks.put("cursors-side-by-side", this::cursorsSideBySide);
            checks.put("cursor-with-hold", this::cursorWithHold);
            checks.put("cursor-of-a-function", this::cursorOfAFunction);
            checks.put("rows-updated-in-place", this::rowsUpdatedInPlace);
            checks.put("large-values", this::largeValues);
            checks.put("large-query-text", this::largeQueryText);
            checks.put("large-objects", this::largeObjects);
            checks.put("transactions", this::transactions);
            checks.put("savepoints", this::savepoints);
            checks.put("autosave", this::autosave);
            checks.put("transaction-that-failed", this::transactionThatFailed);
            checks.put("transaction-characteristics", this::transactionCharacteristics);
            checks.put("settings", this::settings);
            checks.put("settings-of-a-transaction", this::settingsOfATransaction);
            checks.put("temporary-tables", this::temporaryTables);
            checks.put("types-in-both-formats", this::typesInBothFormats);
            checks.put("columns-are-described", this::columnsAreDescribed);
            checks.put("catalogue-of-the-driver", this::catalogueOfTheDriver);
            checks.put("errors", this::errors);
            checks.put("concurrent-connections", this::concurrentConnections);
            checks.put("concurrent-deadlock", this::concurrentDeadlock);
            return checks;
        }

        private Connection connect(String... parameters) throws SQLException {
            Properties properties = new Properties();
            properties.setProperty("user", RouterUnderTest.USER);
            properties.setProperty("password", RouterUnderTest.PASSWORD);
            properties.setProperty("connectTimeout", "20");
            properties.setProperty("socketTimeout", "60");
            properties.setProperty("preferQueryMode", queryMode);
            for (int i = 0; i < parameters.length; i += 2) {
                properties.setProperty(parameters[i], parameters[i + 1]);
            }
            return DriverManager.getConnection(
                    "jdbc:postgresql://127.0.0.1:" + target.port() + "/" + target.database(), properties);
        }

        // login

        private void login(Seen seen) throws SQLException {
            try (Connection connection =
                    connect("ApplicationName", "first name", "currentSchema", "suite", "options", "-c work_mem=3MB")) {
                Map<String, String> told = connection.unwrap(PGConnection.class).getParameterStatuses();
                for (String name : List.of(
                        "server_version",
                        "client_encoding",
                        "DateStyle",
                        "TimeZone",
                        "application_name",
                        "is_superuser")) {
                    seen.ok(name, told.get(name));
                }
                for (String name : List.of("application_name", "search_path", "work_mem", "extra_float_digits")) {
                    seen.ok(name, value(connection, "show " + name));
                }
            }
        }

        private void loginRefused(Seen seen) throws Exception {
            seen.fails(() -> connect("password", "not it").close());
        }

        // prepared statements

        private void preparedRepeatedly(Seen seen) throws SQLException {
            for (String threshold : List.of("1", "5", "0")) {
                try (Connection connection = connect("prepareThreshold", threshold);
                        PreparedStatement plus = connection.prepareStatement("select ?::int + 1")) {
                    int total = 0;
                    for (int i = 0; i < 20; i++) {
                        plus.setInt(1, i);
                        total += Integer.parseInt(
                                String.valueOf(rows(plus.executeQuery()).get(0).get(0)));
                    }
                    seen.ok(threshold, total);
                }
            }
        }

        private void preparedMany(Seen seen) throws SQLException {
            try (Connection connection = connect("prepareThreshold", "1", "preparedStatementCacheQueries", "40")) {
                for (int turn = 0; turn < 2; turn++) {
                    long total = 0;
                    for (int i = 0; i < 120; i++) {
                        total += Long.parseLong(String.valueOf(value(connection, "select ?::int + " + i, turn)));
                    }
                    seen.ok(turn, total);
                }
            }
        }

        private void preparedInTransactions(Seen seen) throws SQLException {
            try (Connection connection = connect("prepareThreshold", "1")) {
                connection.setAutoCommit(false);
                execute(connection, "truncate suite.words");
                connection.commit();
                try (PreparedStatement insert =
                        connection.prepareStatement("insert into suite.words (id, word) values (?, ?)")) {
                    for (int i = 0; i < 9; i++) {
                        insert.setInt(1, i);
                        insert.setString(2, "w");
                        insert.executeUpdate();
                        if (i % 3 == 0) {
                            connection.rollback();
                        } else {
                            connection.commit();
                        }
                    }
                }
                seen.ok(rows(connection, "select id from suite.words order by id"));
                connection.commit();
            }
        }

        private void preparedAgainAfterDeallocateAll(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "1");
                    PreparedStatement twice = connection.prepareStatement("select ?::int * 2")) {
                for (int i = 0; i < 3; i++) {
                    twice.setInt(1, i);
                    seen.ok(rows(twice.executeQuery()));
                    execute(connection, i == 1 ? "discard all" : "deallocate all");
                }
            }
        }

        private void preparedBeforeTheTableChanged(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "1")) {
                execute(connection, "drop table if exists suite.changing_j");
                execute(connection, "create table suite.changing_j (a int)");
                execute(connection, "insert into suite.changing_j values (1)");
                try (PreparedStatement select = connection.prepareStatement("select * from suite.changing_j")) {
                    seen.ok(rows(select.executeQuery()));
                    execute(connection, "alter table suite.changing_j add b text default 'new'");
                    // Outside a transaction the driver prepares once more by itself.
                    seen.ok(rows(select.executeQuery()));
                    seen.ok(rows(select.executeQuery()));
                    execute(connection, "alter table suite.changing_j alter a type bigint");
                    connection.setAutoCommit(false);
                    seen.fails(() -> seen.ok(rows(select.executeQuery())));
                    connection.rollback();
                    seen.ok(rows(select.executeQuery()));
                    connection.commit();
                }
            }
        }

        private void preparedAfterTheTableChanged(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "1")) {
                execute(connection, "drop table if exists suite.changing_k");
                execute(connection, "create table suite.changing_k (a int)");
                seen.ok(columns(connection, "select * from suite.changing_k"));
                execute(connection, "deallocate all");
                execute(connection, "alter table suite.changing_k add b text");
                seen.fails(() -> seen.ok(columns(connection, "select * from suite.changing_k")));
            }
        }

        private void preparedBySql(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "prepare plus (int) as select $1 + 1");
                seen.ok(value(connection, "execute plus (4)"));
                execute(connection, "deallocate plus");
                seen.fails(() -> execute(connection, "execute plus (5)"));
            }
        }

        private void parametersAreDescribed(Seen seen) throws SQLException {
            try (Connection connection = connect();
                    PreparedStatement statement = connection.prepareStatement(
                            "select w.*, ?::numeric(10, 2) as n from suite.words w where id = ? and word = ?")) {
                List<String> types = new ArrayList<>();
                for (int i = 1; i <= 3; i++) {
                    types.add(statement.getParameterMetaData().getParameterTypeName(i));
                }
                seen.ok(types, columns(statement.getMetaData()));
            }
        }

        // batches

        private void batches(Seen seen) throws SQLException {
            for (String rewrite : List.of("false", "true")) {
                try (Connection connection = connect("reWriteBatchedInserts", rewrite);
                        PreparedStatement insert =
                                connection.prepareStatement("insert into suite.words (id, word) values (?, ?)")) {
                    execute(connection, "truncate suite.words");
                    for (int i = 0; i < 2000; i++) {
                        insert.setInt(1, i);
                        insert.setString(2, "batch " + i);
                        insert.addBatch();
                    }
                    int[] counts = insert.executeBatch();
                    seen.ok(counts.length, counts[0], counts[1999]);
                    seen.ok(rows(connection, "select count(*), sum(id), sum(length(word)) from suite.words"));
                    try (Statement statement = connection.createStatement()) {
                        statement.addBatch("update suite.words set word = 'x' where id < 10");
                        statement.addBatch("delete from suite.words where id >= 50");
                        seen.ok(Arrays.toString(statement.executeBatch()));
                    }
                }
            }
        }

        private void batchWithAnError(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "1");
                    PreparedStatement insert =
                            connection.prepareStatement("insert into suite.words (id, word) values (?, 'x')")) {
                for (boolean autoCommit : new boolean[] {true, false}) {
                    execute(connection, "truncate suite.words");
                    connection.setAutoCommit(autoCommit);
                    for (int id : new int[] {1, 2, 3, 2, 5}) {
                        insert.setInt(1, id);
                        insert.addBatch();
                    }
                    try {
                        insert.executeBatch();
                    } catch (BatchUpdateException e) {
                        seen.ok(Arrays.toString(e.getUpdateCounts()), e.getSQLState());
                        if (e.getNextException() != null) {
                            seen.error(e.getNextException());
                        }
                    }
                    if (!autoCommit) {
                        seen.fails(() -> execute(connection, "select 1"));
                        connection.rollback();
                    }
                    connection.setAutoCommit(true);
                    seen.ok(rows(connection, "select id from suite.words order by id"));
                }
            }
        }

        private void severalStatementsInOneQuery(Seen seen) throws Exception {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                boolean isRows = statement.execute(
                        "select 1; update suite.words set word = word where false; select 'two', 3; delete from suite.words");
                while (isRows || statement.getUpdateCount() >= 0) {
                    seen.ok(isRows ? rows(statement.getResultSet()) : statement.getUpdateCount());
                    isRows = statement.getMoreResults();
                }
                seen.fails(() -> statement.execute("create table suite.never (a int); select 1 / 0"));
                seen.ok(value(connection, "select to_regclass('suite.never')::text"));
                seen.ok(statement.execute(""), statement.getUpdateCount());
            }
        }

        private void generatedKeys(Seen seen) throws SQLException {
            try (Connection connection = connect();
                    PreparedStatement insert = connection.prepareStatement(
                            "insert into suite.words (id, word) values (?, upper(?))", new String[] {"id", "word"})) {
                execute(connection, "truncate suite.words");
                for (int i = 0; i < 7; i++) {
                    insert.setInt(1, i);
                    insert.setString(2, "key " + i);
                    insert.executeUpdate();
                    seen.ok(rows(insert.getGeneratedKeys()));
                }
            }
        }

        // copy

        private void copyInAndOut(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < 20_000; i++) {
                    text.append(i).append("\ttext \u00e9 ").append(i).append('\n');
                }
                seen.ok(copy.copyIn("copy suite.words (id, word) from stdin", stream(text)));
                for (String format : List.of("text", "csv", "binary")) {
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    seen.ok(
                            format,
                            copy.copyOut(
                                    "copy (select id, word from suite.words order by id) to stdout (format " + format
                                            + ")",
                                    out));
                    seen.ok((Object) out.toByteArray());
                    execute(connection, "truncate suite.words");
                    seen.ok(copy.copyIn(
                            "copy suite.words (id, word) from stdin (format " + format + ")",
                            new ByteArrayInputStream(out.toByteArray())));
                    seen.ok(rows(connection, "select count(*), sum(id), sum(length(word)) from suite.words"));
                }
            }
        }

        private void copyOfSeveralMegabytes(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
                CopyIn into = copy.copyIn("copy suite.words (id, word) from stdin");
                for (int i = 0; i < 60; i++) {
                    byte[] line = (i + "\t" + "z".repeat(150_000) + "\n").getBytes(UTF_8);
                    into.writeToCopy(line, 0, line.length);
                }
                seen.ok(into.endCopy(), value(connection, "select sum(length(word)) from suite.words"));
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                seen.ok(copy.copyOut("copy suite.words (id, word) to stdout", out));
                seen.ok((Object) out.toByteArray());
            }
        }

        private void copyThatFails(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
                seen.fails(() -> copy.copyIn("copy suite.words (id, word) from stdin", stream("1\tgood\nbad\n")));
                copy.copyIn("copy suite.words (id, word) from stdin").cancelCopy();
                seen.fails(() -> copy.copyOut(
                        "copy (select 1 / (i - 5000) from generate_series(1, 10000) i) to stdout",
                        new ByteArrayOutputStream()));
                seen.fails(() -> copy.copyIn("copy suite.nowhere from stdin"));
                connection.setAutoCommit(false);
                copy.copyIn("copy suite.words (id, word) from stdin", stream("1\tgood\n"));
                connection.rollback();
                seen.ok(value(connection, "select count(*) from suite.words"));
                connection.commit();
            }
        }

        // cancel

        private void cancel(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                for (int turn = 0; turn < 2; turn++) {
                    seen.fails(() -> cancelledSleep(connection));
                    seen.ok(value(connection, "select 'goes on'"));
                }
            }
        }

        private void cancelInATransaction(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                Savepoint before = connection.setSavepoint();
                seen.fails(() -> cancelledSleep(connection));
                seen.fails(() -> execute(connection, "select 1"));
                connection.rollback(before);
                seen.ok(value(connection, "select 'goes on'"));
                connection.commit();
            }
        }

        private void cancelledSleep(Connection connection) throws Exception {
            ExecutorService other = Executors.newSingleThreadExecutor();
            try (PreparedStatement sleep = connection.prepareStatement("select pg_sleep(?)")) {
                sleep.setInt(1, 60);
                Future<?> canceller = other.submit(() -> {
                    TimeUnit.MILLISECONDS.sleep(400);
                    sleep.cancel();
                    return null;
                });
                try {
                    sleep.executeQuery().close();
                } finally {
                    canceller.get(WAIT_MILLIS, TimeUnit.MILLISECONDS);
                }
            } finally {
                other.shutdownNow();
            }
        }

        private void queryTimeout(Seen seen) throws Exception {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                seen.fails(() -> statement.execute("select pg_sleep(60)"));
                seen.ok(value(connection, "select 'goes on'"));
            }
        }

        // notifications

        private void notificationsOfItsOwn(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                execute(connection, "listen suite_jdbc");
                execute(connection, "notify suite_jdbc, 'first'");
                connection.setAutoCommit(false);
                value(connection, "select pg_notify('suite_jdbc', ?)", "second");
                connection.commit();
                connection.setAutoCommit(true);
                seen.ok(notifications(connection, 2));
                execute(connection, "unlisten *");
                execute(connection, "notify suite_jdbc, 'unheard'");
                seen.ok(value(connection, "select 1"), notifications(connection, 0));
            }
        }

        private void concurrentNotifications(Seen seen) throws SQLException {
            try (Connection first = connect();
                    Connection second = connect();
                    Connection sender = connect()) {
                execute(first, "listen suite_jdbc_many");
                execute(second, "listen suite_jdbc_many");
                for (int i = 0; i < 10; i++) {
                    value(sender, "select pg_notify('suite_jdbc_many', ?)", "payload " + i);
                }
                seen.ok(notifications(first, 10));
                seen.ok(notifications(second, 10));
            }
        }

        /** Waits for as many notifications, and returns all that have come. */
        private List<String> notifications(Connection connection, int count) throws SQLException {
            List<String> got = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS);
            do {
                PGNotification[] some = connection.unwrap(PGConnection.class).getNotifications(50);
                for (PGNotification one : some == null ? new PGNotification[0] : some) {
                    got.add(one.getName() + " " + one.getParameter());
                }
            } while (got.size() < count && System.nanoTime() < end);
            return got;
        }

        private void notices(Seen seen) throws SQLException {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("do $$ begin raise notice 'note %', 1; raise warning 'warning'; end $$");
                for (SQLWarning warning = statement.getWarnings();
                        warning != null;
                        warning = warning.getNextWarning()) {
                    seen.ok(warning.getSQLState(), warning.getMessage());
                }
            }
        }

        // cursors

        private void cursorByFetchSize(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "3")) {
                connection.setAutoCommit(false);
                try (PreparedStatement select =
                        connection.prepareStatement("select i, 'row ' || i from generate_series(1, ?) i")) {
                    for (int size : new int[] {1, 7, 100, 0, 33}) {
                        select.setFetchSize(size);
                        select.setInt(1, size == 1 ? 5 : 95);
                        seen.ok(size, rows(select.executeQuery()));
                    }
                    select.setFetchSize(3);
                    select.setInt(1, 100_000);
                    try (ResultSet given = select.executeQuery()) {
                        given.next();
                        seen.ok(given.getInt(1));
                    }
                }
                seen.ok(value(connection, "select 'goes on'"));
                try (Statement failing = connection.createStatement()) {
                    failing.setFetchSize(2);
                    seen.fails(() -> rows(failing.executeQuery("select 1 / (i - 5) from generate_series(1, 10) i")));
                }
                connection.rollback();
            }
        }

        private void cursorsSideBySide(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                try (Statement one = connection.createStatement();
                        Statement two = connection.createStatement()) {
                    one.setFetchSize(2);
                    two.setFetchSize(3);
                    try (ResultSet ones = one.executeQuery("select generate_series(1, 20)");
                            ResultSet twos = two.executeQuery("select generate_series(101, 120)")) {
                        List<Integer> got = new ArrayList<>();
                        while (ones.next() && twos.next()) {
                            got.add(ones.getInt(1) + twos.getInt(1));
                        }
                        seen.ok(got);
                    }
                }
                connection.commit();
            }
        }

        private void cursorWithHold(Seen seen) throws Exception {
            try (Connection connection = connect();
                    Statement held = connection.createStatement(
                            ResultSet.TYPE_FORWARD_ONLY,
                            ResultSet.CONCUR_READ_ONLY,
                            ResultSet.HOLD_CURSORS_OVER_COMMIT)) {
                execute(
                        connection,
                        "declare suite_held_jdbc scroll cursor with hold for select generate_series(1, 30)");
                for (int i = 0; i < 4; i++) {
                    seen.ok(rows(connection, "fetch 8 from suite_held_jdbc"));
                }
                seen.ok(rows(connection, "fetch absolute 5 from suite_held_jdbc"));
                execute(connection, "close suite_held_jdbc");
                held.setFetchSize(4);
                seen.ok(rows(held.executeQuery("select generate_series(1, 10)")));
            }
        }

        private void cursorOfAFunction(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                execute(
                        connection,
                        "create or replace function suite.opened() returns refcursor language plpgsql as $$"
                                + " declare c refcursor; begin open c for select generate_series(1, 5); return c; end $$");
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement();
                        ResultSet cursor = statement.executeQuery("select suite.opened()")) {
                    cursor.next();
                    seen.ok(rows((ResultSet) cursor.getObject(1)));
                }
                connection.commit();
            }
        }

        private void rowsUpdatedInPlace(Seen seen) throws SQLException {
            try (Connection connection = connect();
                    Statement statement =
                            connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
                execute(connection, "truncate suite.words");
                execute(connection, "insert into suite.words (id, word) values (1, 'one'), (2, 'two'), (3, 'three')");
                try (ResultSet rows = statement.executeQuery("select id, word from suite.words order by id")) {
                    rows.absolute(2);
                    rows.updateString("word", "changed");
                    rows.updateRow();
                    rows.last();
                    rows.deleteRow();
                    rows.moveToInsertRow();
                    rows.updateInt("id", 9);
                    rows.updateString("word", "new");
                    rows.insertRow();
                }
                seen.ok(rows(connection, "select id, word from suite.words order by id"));
            }
        }

        // large values

        private void largeValues(Seen seen) throws Exception {
            byte[] content = new byte[5 * MEGABYTE];
            for (int i = 0; i < content.length; i++) {
                content[i] = (byte) (i * 31 + (i >> 11));
            }
            try (Connection connection = connect("prepareThreshold", "2");
                    PreparedStatement echo = connection.prepareStatement("select ?::bytea, md5(?::bytea)")) {
                for (int i = 0; i < 4; i++) {
                    echo.setBytes(1, content);
                    echo.setBinaryStream(2, new ByteArrayInputStream(content), content.length);
                    try (ResultSet row = echo.executeQuery()) {
                        row.next();
                        seen.ok(row.getBytes(1), row.getString(2));
                    }
                }
                String text = HexFormat.of().formatHex(content);
                seen.ok(value(connection, "select ?::text", text));
                seen.ok(rows(connection, "select i, repeat(md5(i::text), 50) from generate_series(1, 5000) i"));
            }
        }

        private void largeQueryText(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                seen.ok(value(connection, "select length('" + "q".repeat(2 * MEGABYTE) + "')"));
            }
        }

        private void largeObjects(Seen seen) throws SQLException {
            byte[] content = "0123456789abcdef".repeat(60_000).getBytes(UTF_8);
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                LargeObjectManager objects =
                        connection.unwrap(PGConnection.class).getLargeObjectAPI();
                long oid = objects.createLO(LargeObjectManager.READWRITE);
                try (LargeObject object = objects.open(oid, LargeObjectManager.READWRITE)) {
                    object.write(content);
                    object.seek(1000);
                    seen.ok(object.read(content.length), object.size64());
                }
                objects.delete(oid);
                connection.commit();
            }
        }

        // transactions

        private void transactions(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                connection.setAutoCommit(false);
                execute(connection, "insert into suite.words (id, word) values (1, 'kept')");
                connection.commit();
                execute(connection, "insert into suite.words (id, word) values (2, 'lost')");
                connection.rollback();
                connection.setAutoCommit(true);
                seen.ok(rows(connection, "select id, word from suite.words"));
            }
        }

        private void savepoints(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                connection.setAutoCommit(false);
                execute(connection, "insert into suite.words (id, word) values (1, 'kept')");
                Savepoint one = connection.setSavepoint("one");
                seen.fails(() -> execute(connection, "insert into suite.words (id, word) values (1, 'twice')"));
                seen.fails(() -> execute(connection, "select 1"));
                connection.rollback(one);
                execute(connection, "insert into suite.words (id, word) values (2, 'kept')");
                connection.releaseSavepoint(one);
                seen.fails(() -> connection.rollback(one));
                connection.commit();
                seen.ok(rows(connection, "select id, word from suite.words order by id"));
                connection.commit();
            }
        }

        private void autosave(Seen seen) throws Exception {
            try (Connection connection = connect("autosave", "always", "prepareThreshold", "1")) {
                execute(connection, "truncate suite.words");
                connection.setAutoCommit(false);
                for (int i = 0; i < 4; i++) {
                    execute(connection, "insert into suite.words (id, word) values (" + i + ", 'kept')");
                    seen.fails(() -> value(connection, "select 1 / ?::int", 0));
                }
                connection.commit();
                seen.ok(value(connection, "select count(*) from suite.words"));
                connection.commit();
            }
        }

        private void transactionThatFailed(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                seen.fails(() -> execute(connection, "select 1 / 0"));
                seen.fails(() -> execute(connection, "select 1"));
                seen.fails(connection::commit);
                seen.ok(value(connection, "select 1"));
                execute(connection, "truncate suite.deferred");
                connection.commit();
                execute(connection, "insert into suite.deferred values (1), (1)");
                seen.fails(connection::commit);
                seen.ok(value(connection, "select count(*) from suite.deferred"));
                connection.rollback();
            }
        }

        private void transactionCharacteristics(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                for (int level : new int[] {
                    Connection.TRANSACTION_READ_COMMITTED,
                    Connection.TRANSACTION_REPEATABLE_READ,
                    Connection.TRANSACTION_SERIALIZABLE
                }) {
                    connection.setTransactionIsolation(level);
                    connection.setAutoCommit(false);
                    seen.ok(value(connection, "show transaction_isolation"), connection.getTransactionIsolation());
                    connection.commit();
                    connection.setAutoCommit(true);
                }
                connection.setReadOnly(true);
                seen.fails(() -> execute(connection, "delete from suite.words"));
                connection.setAutoCommit(false);
                seen.fails(() -> execute(connection, "delete from suite.words"));
                connection.rollback();
                connection.setReadOnly(false);
                execute(connection, "delete from suite.words");
                connection.commit();
            }
        }

        // settings

        private void settings(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                PGConnection own = connection.unwrap(PGConnection.class);
                execute(connection, "set timezone = 'Asia/Tokyo'");
                connection.setSchema("suite");
                connection.setClientInfo("ApplicationName", "second name");
                value(connection, "select set_config('work_mem', ?, false)", "7MB");
                seen.ok(own.getParameterStatus("TimeZone"), own.getParameterStatus("application_name"));
                for (String name : List.of("timezone", "search_path", "application_name", "work_mem")) {
                    seen.ok(name, value(connection, "show " + name));
                }
                seen.ok(
                        connection.getSchema(),
                        value(connection, "select '2024-05-06 07:08:09+00'::timestamptz::text"));
                execute(connection, "reset all");
                seen.ok(own.getParameterStatus("TimeZone"), value(connection, "show search_path"));
                seen.fails(() -> execute(connection, "set timezone = 'Nowhere/Else'"));
            }
        }

        private void settingsOfATransaction(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                execute(connection, "set local work_mem = '8MB'");
                seen.ok(value(connection, "show work_mem"));
                connection.commit();
                seen.ok("8MB".equals(value(connection, "show work_mem")));
                execute(connection, "set work_mem = '9MB'");
                connection.rollback();
                seen.ok("9MB".equals(value(connection, "show work_mem")));
                execute(connection, "set work_mem = '10MB'");
                connection.commit();
                seen.ok(value(connection, "show work_mem"));
                connection.commit();
            }
        }

        private void temporaryTables(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                execute(connection, "create temporary table suite_temporary (a int)");
                for (int i = 0; i < 8; i++) {
                    value(connection, "insert into suite_temporary values (?) returning a", i);
                }
                seen.ok(value(connection, "select sum(a) from suite_temporary"));
            }
        }

        // types

        private void typesInBothFormats(Seen seen) throws SQLException {
            byte[] bytes = new byte[256];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) i;
            }
            for (String binary : List.of("false", "true")) {
                try (Connection connection = connect("binaryTransfer", binary, "prepareThreshold", "-1")) {
                    Map<String, @Nullable Object> typed = new LinkedHashMap<>();
                    typed.put("bool", true);
                    typed.put("int2", (short) -32768);
                    typed.put("int4", Integer.MAX_VALUE);
                    typed.put("int8", Long.MIN_VALUE);
                    typed.put("float4", 1.5f);
                    typed.put("float8", Double.NEGATIVE_INFINITY);
                    typed.put("numeric", new BigDecimal("-12345678901234567890.0123456789"));
                    typed.put("text", "snow \u2603 and 'quotes' \\ \ud83d\ude00");
                    typed.put("varchar", "");
                    typed.put("bytea", bytes);
                    typed.put("uuid", UUID.fromString("12345678-1234-5678-1234-567812345678"));
                    typed.put("date", LocalDate.of(1999, 12, 31));
                    typed.put("timestamp", LocalDateTime.of(2024, 2, 29, 23, 59, 59, 999_999_000));
                    typed.put("timestamptz", OffsetDateTime.of(2024, 2, 29, 12, 0, 0, 0, ZoneOffset.UTC));
                    typed.put("interval", object("interval", "-3 days 04:00:00.000005"));
                    typed.put("json", object("json", "{\"a\": [1, 2, null]}"));
                    typed.put("jsonb", object("jsonb", "{\"a\": 1.5}"));
                    typed.put("int4[]", connection.createArrayOf("int4", new @Nullable Integer[] {1, null, -3}));
                    typed.put("text[]", connection.createArrayOf("text", new @Nullable String[] {"a,b", "c\"d", "", null
                    }));
                    typed.put("suite.mood", object("suite.mood", "so so"));
                    for (Map.Entry<String, @Nullable Object> one : typed.entrySet()) {
                        for (int turn = 0; turn < 2; turn++) {
                            String sql = "select ?::" + one.getKey() + ", (?::" + one.getKey() + ")::text";
                            seen.ok(one.getKey(), binary, rows(connection, sql, one.getValue(), one.getValue()));
                        }
                    }
                    seen.ok(rows(connection, "select ?::int, ?::text", null, null));
                }
            }
        }

        private void columnsAreDescribed(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                seen.ok(columns(
                        connection, "select w.*, 1.5::numeric(10, 2) as n, 'x'::varchar(9) as v from suite.words w"));
            }
        }

        private void catalogueOfTheDriver(Seen seen) throws SQLException {
            try (Connection connection = connect()) {
                execute(connection, "drop table if exists suite.changing_j, suite.changing_k");
                var catalogue = connection.getMetaData();
                seen.ok(names(catalogue.getTables(null, "suite", "%", new String[] {"TABLE"}), "TABLE_NAME"));
                seen.ok(names(
                        catalogue.getColumns(null, "suite", "words", "%"), "COLUMN_NAME", "TYPE_NAME", "IS_NULLABLE"));
                seen.ok(names(catalogue.getPrimaryKeys(null, "suite", "words"), "COLUMN_NAME", "PK_NAME"));
                seen.ok(names(catalogue.getImportedKeys(null, "suite", "children"), "FKCOLUMN_NAME", "PKTABLE_NAME"));
                seen.ok(names(catalogue.getIndexInfo(null, "suite", "words", false, false), "INDEX_NAME"));
                seen.ok(names(catalogue.getFunctions(null, "suite", "complain"), "FUNCTION_NAME"));
                // Neither the driver nor the server says in which order.
                seen.ok(names(catalogue.getTypeInfo(), "TYPE_NAME").stream()
                        .sorted()
                        .toList());
                seen.ok(catalogue.getDatabaseProductVersion(), catalogue.getMaxConnections() > 0);
            }
        }

        // errors

        private void errors(Seen seen) throws Exception {
            try (Connection connection = connect("prepareThreshold", "2", "logServerErrorDetail", "true")) {
                execute(connection, "truncate suite.words");
                execute(connection, "insert into suite.words (id, word) values (1, 'one')");
                for (int turn = 0; turn < 3; turn++) {
                    for (String sql : List.of(
                            "selec 1",
                            "select * from suite.nowhere",
                            "select nothing from suite.words",
                            "insert into suite.words (id, word) values (1, 'twice')",
                            "insert into suite.words (id, word) values (null, 'x')",
                            "insert into suite.words (id, word, kind) values (3, 'x', 0)",
                            "insert into suite.children values (5)",
                            "select suite.complain()",
                            "select 'x'::suite.mood",
                            "fetch 1 from suite_nothing")) {
                        seen.fails(() -> execute(connection, sql));
                    }
                    seen.fails(() -> value(connection, "select 1 / ?::int", 0));
                    seen.fails(() -> value(connection, "select ?::text::int", "x"));
                }
                seen.ok(value(connection, "select 'goes on'"));
            }
        }

        // several connections

        private void concurrentConnections(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
            }
            List<Callable<String>> clients = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                clients.add(() -> client(number));
            }
            seen.ok(together(clients));
            try (Connection connection = connect()) {
                seen.ok(rows(connection, "select count(*), sum(id) from suite.words"));
            }
        }

        private String client(int number) throws SQLException {
            try (Connection connection = connect("prepareThreshold", "1", "ApplicationName", "client " + number)) {
                execute(connection, "set suite.number = " + number);
                connection.setAutoCommit(false);
                for (int i = 0; i < 30; i++) {
                    value(
                            connection,
                            "insert into suite.words (id, word) values (?, 'c') returning id",
                            number * 100 + i);
                    Object own = value(connection, "select current_setting('suite.number')");
                    if (!Integer.toString(number).equals(own)) {
                        return "client " + number + " has the setting of " + own;
                    }
                    connection.commit();
                }
                return String.valueOf(value(connection, "show application_name"));
            }
        }

        private void concurrentDeadlock(Seen seen) throws Exception {
            try (Connection connection = connect()) {
                execute(connection, "truncate suite.words");
                execute(connection, "insert into suite.words (id, word) values (1, 'a'), (2, 'b')");
            }
            CyclicBarrier both = new CyclicBarrier(2);
            List<String> outcomes = together(List.of(() -> update(both, 1, 2), () -> update(both, 2, 1)));
            Collections.sort(outcomes);
            seen.ok(outcomes);
        }

        private String update(CyclicBarrier both, int first, int second) throws Exception {
            try (Connection connection = connect()) {
                connection.setAutoCommit(false);
                execute(connection, "update suite.words set word = 'd' where id = " + first);
                both.await(WAIT_MILLIS, TimeUnit.MILLISECONDS);
                try {
                    execute(connection, "update suite.words set word = 'd' where id = " + second);
                    connection.commit();
                    return "done";
                } catch (SQLException e) {
                    connection.rollback();
                    return e.getSQLState();
                }
            }
        }
    }

    /** Runs all at a time and returns what they return, in their order. */
    private static List<String> together(List<Callable<String>> clients) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<String>> started = new ArrayList<>();
            for (Callable<String> client : clients) {
                started.add(threads.submit(client));
            }
            List<String> outcomes = new ArrayList<>();
            for (Future<String> one : started) {
                outcomes.add(one.get(2L * WAIT_MILLIS, TimeUnit.MILLISECONDS));
            }
            return outcomes;
        } finally {
            threads.shutdownNow();
        }
    }

    private static PGobject object(String type, String value) throws SQLException {
        PGobject object = new PGobject();
        object.setType(type);
        object.setValue(value);
        return object;
    }

    private static InputStream stream(CharSequence text) {
        return new ByteArrayInputStream(text.toString().getBytes(UTF_8));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static @Nullable Object value(Connection connection, String sql, @Nullable Object... parameters)
            throws SQLException {
        return rows(connection, sql, parameters).get(0).get(0);
    }

    private static List<List<@Nullable Object>> rows(Connection connection, String sql, @Nullable Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                Object parameter = parameters[i];
                if (parameter == null) {
                    statement.setNull(i + 1, Types.VARCHAR);
                } else {
                    statement.setObject(i + 1, parameter);
                }
            }
            return rows(statement.executeQuery());
        }
    }

    private static List<List<@Nullable Object>> rows(ResultSet result) throws SQLException {
        try (result) {
            List<List<@Nullable Object>> rows = new ArrayList<>();
            int width = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<@Nullable Object> row = new ArrayList<>();
                for (int i = 1; i <= width; i++) {
                    row.add(plain(result.getObject(i)));
                }
                rows.add(row);
            }
            return rows;
        }
    }

    private static List<String> names(ResultSet result, String... columns) throws SQLException {
        try (result) {
            List<String> names = new ArrayList<>();
            while (result.next()) {
                StringBuilder name = new StringBuilder();
                for (String column : columns) {
                    name.append(name.length() == 0 ? "" : " ").append(result.getString(column));
                }
                names.add(name.toString());
            }
            return names;
        }
    }

    private static List<String> columns(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet result = statement.executeQuery()) {
            return columns(result.getMetaData());
        }
    }

    private static List<String> columns(ResultSetMetaData described) throws SQLException {
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= described.getColumnCount(); i++) {
            columns.add(described.getColumnLabel(i) + " " + described.getColumnTypeName(i) + " "
                    + described.getPrecision(i) + " " + described.getScale(i) + " " + described.getTableName(i) + " "
                    + described.isNullable(i));
        }
        return columns;
    }

    /** Returns a value in a form whose text is the same in every run. */
    private static @Nullable Object plain(@Nullable Object value) throws SQLException {
        if (value instanceof Array array) {
            return Arrays.deepToString((Object[]) array.getArray());
        }
        if (value instanceof byte[] bytes) {
            return HexFormat.of().formatHex(bytes);
        }
        if (value instanceof Timestamp timestamp) {
            return timestamp.toInstant();
        }
        return value;
    }

    private static String shortened(@Nullable Object value) {
        byte[] content = value instanceof byte[] bytes
                ? bytes
                : String.valueOf(value).replace("\n", "\\n").getBytes(UTF_8);
        if (content.length <= SHOWN_BYTES) {
            return value instanceof byte[] ? HexFormat.of().formatHex(content) : new String(content, UTF_8);
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return content.length + ":" + HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String name() {
        return "pgjdbc-" + queryMode;
    }

    @Override
    public Optional<String> prepare() {
        return Optional.empty();
    }

    @Override
    public Transcript run(Target target) {
        List<String> lines = new ArrayList<>();
        new Run(target).checks().forEach((name, check) -> {
            if (target.isOneAtATime() && name.startsWith(Transcript.CONCURRENT)) {
                return;
            }
            try {
                check.run(new Seen(name, lines));
            } catch (Exception | AssertionError e) {
                lines.add("broken " + name + " " + e.getClass().getSimpleName() + " " + e.getMessage());
            }
        });
        lines.add(Transcript.END);
        return Transcript.of(lines);
    }

    @Override
    public String toString() {
        return name();
    }
}
