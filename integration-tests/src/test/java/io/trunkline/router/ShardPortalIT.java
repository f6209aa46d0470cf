// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.closePortal;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
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

/** Portals over three shards that are left in the middle and gone on with: each message is that of one server, which is asked beside. */
class ShardPortalIT {
    private static final int ROWS = StockBothWays.ROWS;

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

    private static List<String> both(byte[]... frames) {
        return stock.both(frames);
    }

    private static List<String> open(String portal, String sql, int rowsMax) {
        return both(parse("", sql), bind(portal, ""), describePortal(portal), execute(portal, rowsMax), sync());
    }

    private static List<String> fetch(String portal, int rowsMax) {
        return both(execute(portal, rowsMax), sync());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            select item, note from stock order by item                             → 7
            select item from stock order by n desc, item                           → 1
            select note from stock order by item desc limit 41                     → 20
            select note from stock order by item offset 30                         → 10
            select item, note from stock order by item limit 20 offset 5           → 20
            select n, count(*), sum(item) from stock group by n order by n         → 2
            select n, count(*) + 1 from stock group by n order by n                → 3
            select n, count(*) from stock group by n order by count(*) desc, n     → 3
            select distinct n from stock order by n                                → 4
            select count(*) from stock                                             → 1
            select item from stock where n > 100                                   → 5
            select item from stock order by item                                   → 100
            """)
    @Case("H35")
    void givesTheRowsOfOneServerPieceByPiece(String sql, int rowsMax) {
        List<String> answer = open("p", sql, rowsMax);
        int pieces = 0;
        while (answer.contains("PortalSuspended")) {
            pieces++;
            answer = fetch("p", rowsMax);
        }
        assertThat(pieces).isLessThanOrEqualTo(ROWS);
        assertThat(answer.get(answer.size() - 2)).startsWith("CommandComplete SELECT");
    }

    @Test
    void changesTheNumberOfRowsAndTakesTheRest() {
        open("p", "select item from stock order by item", 3);
        assertThat(fetch("p", 5)).hasSize(7).contains("DataRow [8]").endsWith("PortalSuspended", "ReadyForQuery T");
        assertThat(fetch("p", 0)).hasSize(94).endsWith("CommandComplete SELECT 92", "ReadyForQuery T");
    }

    @Test
    void keepsSeveralPortalsApartAndOtherStatementsBetweenThem() {
        open("up", "select item from stock order by item", 2);
        open("down", "select item from stock order by item desc", 2);
        stock.both("update stock set note = 'new' where n = 3");
        stock.both("insert into stock (item, n) values (1001, 1), (1002, 1), (1003, 1)");
        stock.both("select count(*) from stock");
        // A portal sees what was there when it was made.
        assertThat(fetch("down", 2)).startsWith("DataRow [98]");
        assertThat(fetch("up", 2)).startsWith("DataRow [3]");
        stock.both("select note from stock where item = 3");
        assertThat(fetch("down", 2)).startsWith("DataRow [96]");
    }

    @Test
    void livesOnOverASavepointThatCameLaterAndEndsWithOneThatCameBefore() {
        open("early", "select item from stock order by item", 2);
        stock.both("savepoint a");
        open("late", "select item from stock order by item desc", 2);
        stock.both("delete from stock where n = 2");
        stock.both("rollback to a");
        assertThat(fetch("early", 2)).startsWith("DataRow [3]");
        stock.both("savepoint b");
        assertThat(fetch("late", 2).get(0)).contains("34000");
        stock.both("rollback to b");
        assertThat(fetch("early", 2)).startsWith("DataRow [5]");
    }

    @Test
    void endsWhenItIsClosedOrTheTransactionFails() {
        open("p", "select item from stock order by item", 2);
        both(closePortal("p"), sync());
        stock.both("savepoint a");
        assertThat(fetch("p", 2).get(0)).contains("34000");
        stock.both("rollback to a");
        open("q", "select item from stock order by item", 2);
        stock.both("select 1 / 0 from stock");
        assertThat(fetch("q", 2).get(0)).contains("25P02");
    }

    @Test
    void isGoneAfterTheTransaction() {
        open("p", "select item from stock order by item", 2);
        stock.both("commit");
        assertThat(fetch("p", 2).get(0)).contains("34000");
    }

    @Test
    void letsJdbcFetchInPieces() throws Exception {
        try (Connection connection = DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + stock.router().port() + "/app",
                RouterUnderTest.USER,
                RouterUnderTest.PASSWORD)) {
            connection.setAutoCommit(false);
            try (Statement outer = connection.createStatement();
                    Statement inner = connection.createStatement()) {
                outer.setFetchSize(10);
                int item = 0;
                try (ResultSet rows = outer.executeQuery("select item from stock order by item")) {
                    while (rows.next()) {
                        assertThat(rows.getInt(1)).isEqualTo(++item);
                        inner.executeUpdate("update stock set n = n + 1 where item = " + item);
                    }
                }
                assertThat(item).isEqualTo(ROWS);
            }
            connection.rollback();
        }
    }

    @Test
    void boundsWhatItKeepsOfRowsThatNobodyAskedForYet() {
        stock.both("update stock set note = repeat('x', 50000)");
        List<String> answer = texts(stock.routed()
                .send(parse("", "select note from stock order by item"), bind("p", ""), execute("p", 30), sync())
                .receiveUntilReady());
        assertThat(answer.get(answer.size() - 2)).contains("53200");
        stock.whole().query("select 1 / 0");
    }
}
