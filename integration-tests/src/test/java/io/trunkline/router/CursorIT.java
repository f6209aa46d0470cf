// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closePortal;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.describeStatement;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.flush;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cursors of DECLARE over three shards, and on one of them among others: each message is that of one server, which is asked beside. */
class CursorIT {
    private static StockBothWays stock;

    @BeforeAll
    static void start() {
        stock = StockBothWays.start();
    }

    @AfterAll
    static void stop() {
        stock.close();
    }

    @BeforeEach
    void begin() {
        stock.both("begin");
    }

    @AfterEach
    void rollBack() {
        stock.both("rollback");
    }

    private static List<String> both(String sql) {
        return stock.both(sql);
    }

    /** Returns the router's error alone. */
    private static String refused(byte[]... frames) {
        return texts(stock.routed().send(frames).receiveUntilReady()).stream()
                .filter(message -> message.startsWith("ErrorResponse"))
                .findFirst()
                .orElse("no error");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            select item, note from stock order by item                             → fetch 7 from c
            select item from stock order by n desc, item                           → fetch next from c
            select note from stock order by item desc limit 41                     → fetch forward 20 in c
            select item from stock order by item offset 30                         → fetch 33 c
            select item, note from stock order by item limit 20 offset 5           → fetch all from c
            select n, count(*), sum(item) from stock group by n order by n         → fetch 2 c
            select n, count(*) + 1 from stock group by n order by n                → fetch 3 c
            select n, count(*) from stock group by n order by count(*) desc, n     → fetch 3 c
            select distinct n from stock order by n                                → fetch 4 c
            select count(*) from stock                                             → fetch c
            select item from stock where n > 100                                   → fetch 5 c
            select item from stock order by item                                   → fetch 100 c
            with s as (select item from stock) select item from s order by item    → fetch forward all from c
            """)
    @Case("H35")
    void givesTheRowsOfOneServer(String sql, String fetch) {
        both("declare c no scroll cursor without hold for " + sql);
        int fetches = 0;
        while (!both(fetch).contains("CommandComplete FETCH 0")) {
            assertThat(++fetches).isLessThanOrEqualTo(StockBothWays.ROWS);
        }
        // Behind the last row it stays.
        both(fetch);
        both("fetch all from c");
        both("close c");
    }

    @Test
    void movesAndFetchesInTurns() {
        both("declare c cursor for select item from stock order by item");
        assertThat(both("move 5 from c")).containsExactly("CommandComplete MOVE 5", "ReadyForQuery T");
        assertThat(both("fetch 2 from c")).contains("DataRow [6]", "DataRow [7]");
        both("move c");
        assertThat(both("fetch c")).contains("DataRow [9]");
        assertThat(both("move forward all in c")).startsWith("CommandComplete MOVE 91");
        both("fetch c");
        both("move 3 c");
    }

    @Test
    void readsNamesAsPostgresqlDoes() {
        both("declare \"Next\" insensitive cursor for select item from stock order by item");
        both("declare next asensitive cursor for select item from stock order by item desc");
        assertThat(both("fetch next")).contains("DataRow [100]");
        assertThat(both("fetch next from \"Next\"")).contains("DataRow [1]");
        assertThat(both("/* one */ fetch -- more\n 2 in Next;")).contains("DataRow [98]");
    }

    @Test
    void seesWhatWasThereWhenItWasDeclared() {
        both("declare up cursor for select item, n from stock order by item");
        both("update stock set n = 99");
        both("declare down cursor for select item, n from stock order by item desc");
        both("delete from stock where item > 90");
        both("insert into stock (item, n) values (1001, 1), (1002, 1), (1003, 1)");
        assertThat(both("fetch 3 from up")).contains("DataRow [1, 1]");
        assertThat(both("fetch 3 from down")).contains("DataRow [100, 99]");
        both("select count(*) from stock");
        assertThat(both("fetch all from up")).contains("DataRow [100, 2]");
        both("fetch all from down");
    }

    @Test
    void livesOnOverASavepointThatCameLaterAndEndsWithOneThatCameBefore() {
        both("declare early cursor for select item from stock order by item");
        both("savepoint a");
        both("fetch 2 from early");
        both("declare late cursor for select item from stock order by item desc");
        both("savepoint b");
        both("release b");
        both("rollback to a");
        assertThat(both("fetch 2 from early")).contains("DataRow [3]");
        both("savepoint c");
        assertThat(both("fetch late")).contains("ReadyForQuery E");
        both("rollback to c");
        both("declare late cursor for select item from stock order by item");
        both("release c");
        assertThat(both("fetch late")).contains("DataRow [1]");
        both("rollback to a");
        assertThat(both("fetch early")).contains("DataRow [5]");
    }

    @Test
    void cannotRunAfterAnErrorOfItsOwn() {
        both("declare c cursor for select 100 / (item - 4) from stock");
        both("savepoint a");
        // Which rows come before the one with the error is a matter of luck.
        assertThat(refused(query("fetch all from c"))).contains("22012");
        stock.whole().query("fetch all from c");
        assertThat(both("fetch c").get(0)).contains("25P02");
        both("rollback to a");
        assertThat(both("fetch c").get(0)).contains("55000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select item from stock",
                "select item from stock where item = 1",
            })
    void hasANameOfItsOwn(String sql) {
        both("declare c cursor for select item from stock order by item");
        both("savepoint a");
        assertThat(both("declare c cursor for " + sql).get(0)).contains("42P03");
        both("rollback to a");
        both("close c");
        both("declare c cursor for " + sql);
        assertThat(both("declare c cursor for select item from stock").get(0)).contains("42P03");
    }

    @Test
    void isGoneWhenClosed() {
        both("declare c cursor for select item from stock order by item");
        both("declare d cursor for select item from stock order by item");
        both("declare e cursor for select item from stock where item = 5");
        both("close c");
        both("savepoint a");
        assertThat(both("fetch c").get(0)).contains("34000");
        both("rollback to a");
        both("fetch d");
        both("close all");
        for (String name : List.of("d", "e")) {
            both("savepoint b");
            assertThat(both("fetch " + name).get(0)).contains("34000");
            both("rollback to b");
        }
        both("close all");
    }

    @Test
    void isGoneAfterTheTransaction() {
        both("declare c cursor for select item from stock order by item");
        both("commit");
        assertThat(both("fetch c").get(0)).contains("34000");
        assertThat(both("declare c cursor for select item from stock").get(0)).contains("25P01");
        both("begin; rollback");
        both("begin");
        both("declare c cursor for select item from stock order by item");
        both("fetch c");
    }

    @Test
    void errorsAreThoseOfTheClientsWords() {
        for (String sql : List.of(
                "declare c cursor for select nothing from stock",
                "declare c cursor for select item from stock where note = 1",
                "declare cursor for select item from stock")) {
            both("savepoint a");
            both(sql);
            both("rollback to a");
        }
    }

    @Test
    void ofOneShardAreFoundWhereTheyAre() {
        long other = elsewhere();
        both("declare a cursor for select item, note from stock where item = 1 or item = 1");
        both("declare b cursor for select item, note from stock where item = " + other);
        both("declare c cursor for select count(*) from stock");
        assertThat(both("fetch a")).contains("DataRow [1, item 1]");
        both("update stock set n = 0 where item = " + other);
        both("fetch all from b");
        assertThat(both("fetch c")).contains("DataRow [100]");
        both("move a");
        both("close a");
        both("savepoint a");
        both("fetch b");
        assertThat(both("fetch a").get(0)).contains("34000");
    }

    @Test
    void byExtendedProtocol() {
        stock.both(
                parse("", "declare c cursor for select item, note from stock where n < $1 order by item"),
                describeStatement(""),
                bind("", "", "3"),
                describePortal(""),
                execute("", 0),
                sync());
        stock.both(parse("f", "fetch 3 from c"), describeStatement("f"), sync());
        for (int i = 0; i < 20; i++) {
            stock.both(bind("", "f"), describePortal(""), execute("", 0), sync());
        }
        stock.both(
                parse("", "move 2 c"), bind("p", ""), describePortal("p"), execute("p", 5), closePortal("p"), sync());
        stock.both(parse("", "close c"), bind("", ""), describePortal(""), execute("", 0), sync());
        both("savepoint a");
        assertThat(stock.both(bind("", "f"), execute("", 0), sync())).contains("ReadyForQuery E");
        both("rollback to a");
        // Groups that the router combines, and the parameter stands in both halves of that.
        stock.both(
                parse("", "declare c cursor for select n, count(*) + $1 from stock where n < $2 group by n order by n"),
                bind("", "", "5", "4"),
                execute("", 0),
                sync());
        stock.both(bind("", "f"), describePortal(""), execute("", 0), sync());
        stock.both(bind("", "f"), describePortal(""), execute("", 0), sync());
        both("savepoint a");
        stock.both(parse("", "declare c cursor for select item from stock"), bind("", ""), execute("", 0), sync());
        both("rollback to a");
        stock.both(bind("c", "f"), execute("", 0), sync());
    }

    @Test
    @Case("H35")
    void failsWhereOneServerDoes() {
        both("savepoint a");
        // What is computed while the query is planned fails with the Execute.
        stock.both(
                parse("", "declare c no scroll cursor for select 1 / 0 from stock where note = 'x'"),
                bind("", ""),
                describePortal(""),
                execute("", 0),
                sync());
        both("rollback to a");
        for (String parameter : List.of("3", "three")) {
            // But a parameter is read with the Bind.
            stock.both(
                    parse("", "declare c no scroll cursor for select 1 / 0 from stock where n = $1"),
                    bind("", "", parameter),
                    describePortal(""),
                    execute("", 0),
                    sync());
            both("rollback to a");
        }
    }

    @Test
    @Case("H35")
    void refusesToGoOnWithWhatARollbackHasUndone() {
        both("declare c cursor for select count(*) + 1 from stock");
        both("savepoint a");
        both("fetch all from c");
        both("rollback to a");
        for (byte[] described : List.of(describePortal(""), flush())) {
            assertThat(refused(parse("", "fetch all from c"), bind("", ""), described, execute("", 0), sync()))
                    .contains("TL0233");
            stock.whole().query("select 1 / 0");
            both("rollback to a");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            declare d scroll cursor for select item from stock       → TL0134
            declare d binary cursor for select item from stock       → TL0134
            declare d cursor with hold for select item from stock    → TL0134
            declare d cursor for select item from stock for update   → TL0120
            fetch prior from c                                       → TL0233
            fetch backward 2 from c                                  → TL0233
            fetch backward all from c                                → TL0233
            fetch absolute 2 from c                                  → TL0233
            fetch relative 1 from c                                  → TL0233
            fetch first from c                                       → TL0233
            fetch last c                                             → TL0233
            fetch 0 from c                                           → TL0233
            fetch -1 from c                                          → TL0233
            move backward all in c                                   → TL0233
            fetch c; fetch c                                         → TL0218
            """)
    @Case("H35")
    void refusesWhatOneServerOnlyKnows(String sql, String code) {
        both("declare c cursor for select item from stock order by item");
        both("savepoint a");
        assertThat(refused(query(sql))).contains(code);
        stock.whole().query("select 1 / 0");
        both("rollback to a");
        both("fetch c");
    }

    @Test
    void refusesOtherFormatsAndPortalsOfItsName() {
        both("declare c cursor for select item from stock order by item");
        List<byte[][]> groups = List.of(
                new byte[][] {
                    parse("", "fetch 3 from c"),
                    bind("", "", new int[0], new byte[0][], new int[] {1}),
                    execute("", 0),
                    sync()
                },
                new byte[][] {parse("", "fetch 3 from c"), bind("", ""), execute("", 2), sync()},
                new byte[][] {execute("c", 1), sync()},
                new byte[][] {describePortal("c"), sync()});
        for (byte[][] group : groups) {
            both("savepoint a");
            assertThat(refused(group)).contains("TL0233");
            stock.whole().query("select 1 / 0");
            both("rollback to a");
        }
        both("fetch c");
    }

    /** Returns an item of another shard than the first one's. */
    private static long elsewhere() {
        long other = 2;
        while (StockBothWays.shardOf(other) == StockBothWays.shardOf(1)) {
            other++;
        }
        return other;
    }

    /** Has the router refuse something, and both go on behind a savepoint. */
    private static void refuses(String code, byte[]... frames) {
        both("savepoint refused");
        assertThat(refused(frames)).contains(code);
        stock.whole().query("select 1 / 0");
        both("rollback to refused");
        both("release refused");
    }

    @Test
    void takesNoTextAlongToTheShardOfACursor() {
        both("declare a cursor for select item from stock where item = 1");
        both("declare c cursor for select item from stock order by item");
        for (String text : List.of(
                "update stock set n = 0 where item = " + elsewhere() + "; fetch a",
                "fetch a; insert into stock (item) values (" + elsewhere() + ")",
                "select count(*) from stock; fetch a",
                "delete from stock; close a",
                "select 1; close c")) {
            both("select n from stock where item = 1");
            both("savepoint s");
            assertThat(refused(query(text))).containsAnyOf("TL0218", "TL0210", "sent alone");
            stock.whole().query("select 1 / 0");
            both("rollback to s");
        }
        both("select n from stock where item = 1");
        both("update stock set n = 0 where item = 1; fetch a");
        both("close a; declare a cursor for select item from stock where item = 1");
        both("select n from stock where item = " + elsewhere());
        refuses("TL0218", query("close all; select 1"));
        both("fetch a");
    }

    @Test
    void holdsNoTableOnceItIsClosed() {
        both("declare c cursor for select n, count(*) + 1 from stock group by n order by n");
        both("fetch all from c");
        both("savepoint a");
        assertThat(both("truncate stock").get(0)).contains("55006");
        both("rollback to a");
        stock.both(parse("", "select item from stock order by item"), bind("p", ""), execute("p", 3), sync());
        both("close c");
        stock.both(closePortal("p"), sync());
        both("truncate stock");
        both("select count(*) from stock");
    }

    @Test
    void isFoundAfterWhatKeepsTheTransactionToItsShards() {
        both("declare a cursor for select item from stock where item = 1");
        both("declare c cursor for select item from stock order by item");
        both("select n from stock where item = " + elsewhere());
        both("set local lock_timeout to default");
        both("fetch c");
        both("fetch a");
        assertThat(both("declare c cursor for select item from stock where item = 1")
                        .get(0))
                .contains("42P03");
    }

    @Test
    void followsSavepointsOfOneName() {
        both("select count(*) from stock");
        both("savepoint s");
        both("savepoint b");
        both("declare c cursor for select item from stock order by item");
        both("savepoint s");
        both("release b");
        both("rollback to s");
        both("declare c cursor for select item from stock order by item");
        both("fetch c");
    }

    @Test
    void losesItsGroupsToARollback() {
        both("declare c cursor for select n, count(*) + 1 from stock group by n order by n");
        both("savepoint s");
        both("fetch 2 from c");
        both("rollback to s");
        refuses("TL0233", query("fetch 2 from c"));
        both("close c");
        both("declare c cursor for select n, count(*) + 1 from stock group by n order by n");
        both("fetch 2 from c");
        both("savepoint s");
        both("fetch 2 from c");
        both("rollback to s");
        both("fetch 2 from c");
    }

    @Test
    void ofOneShardIsClosedThereByProtocol() {
        both("declare a cursor for select item from stock where item = 1");
        both("select n from stock where item = " + elsewhere());
        stock.both(closePortal("a"), sync());
        both("declare a cursor for select item from stock where item = 1");
        stock.both(execute("a", 1), sync());
        both("select n from stock where item = " + elsewhere());
        stock.both(describePortal("a"), execute("a", 1), sync());
    }

    @Test
    void isFetchedFromOnceByEachPortal() {
        both("declare c cursor for select item from stock order by item");
        stock.both(parse("once", "fetch 3 from c"), bind("p", "once"), execute("p", 0), sync());
        refuses("TL0233", execute("p", 0), sync());
        stock.both(bind("q", "once"), execute("q", 0), sync());
        refuses("TL0233", bind("r", "once", new int[0], new byte[0][], new int[] {0, 1}), execute("r", 0), sync());
    }

    @Test
    void endsWithATransactionThatIsFollowedByAnother() {
        both("declare a cursor for select item from stock where item = 1");
        both("declare c cursor for select item from stock order by item");
        both("rollback and chain");
        both("savepoint s");
        assertThat(both("fetch c").get(0)).contains("34000");
        both("rollback to s");
        // Which shard it is on is the router's own business; the other ones are refused.
        String here = refused(query("update stock set n = 5 where item = 1"));
        String there = refused(query("update stock set n = 5 where item = " + elsewhere()));
        assertThat(here + there).contains("TL02");
        stock.whole().query("select 1 / 0");
    }

    @Test
    void letsJdbcFetchByStatements() throws Exception {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + stock.router().port() + "/" + TestTopologies.DATABASE,
                        RouterUnderTest.USER,
                        RouterUnderTest.PASSWORD);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("declare c cursor for select item from stock order by item");
            int item = 0;
            boolean more = true;
            while (more) {
                try (ResultSet rows = statement.executeQuery("fetch 30 from c")) {
                    more = false;
                    while (rows.next()) {
                        more = true;
                        assertThat(rows.getInt(1)).isEqualTo(++item);
                    }
                }
            }
            assertThat(item).isEqualTo(StockBothWays.ROWS);
            statement.execute("close c");
            connection.rollback();
        }
    }
}
