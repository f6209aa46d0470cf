// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.sync;
import static io.trunkline.router.ServerMessage.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ShardedTable;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transaction blocks that come to several of three shards: their messages are those of one server, and they happen on all shards or on none. */
class ShardTransactionIT {
    private static final int SHARDS = 3;
    private static final int ACCOUNTS = 24;
    private static final String[] TABLES = {
        "create table accounts (id int8 primary key, balance int not null check (balance >= 0))",
        "grant all on all tables in schema public to public"
    };

    private static SpreadCluster cluster;
    private static RouterUnderTest router;
    private static WireClient whole;
    private static WireClient routed;

    @BeforeAll
    static void start() {
        cluster = SpreadCluster.start(SHARDS, 50, TABLES);
        cluster.prepareWhole(TABLES);
        HashSlots slots = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);
        router = cluster.router(
                        SHARDS,
                        List.of(new Distribution("account", KeyType.INT8, slots)),
                        List.of(new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "accounts", "id", "account")),
                        List.of())
                .start();
        whole = WireClient.connect(cluster.server(0).port(), SpreadCluster.WHOLE);
        routed = WireClient.connect(router.port(), "app");
        await().until(() -> "0".equals(routed.ask("select count(*) from accounts")));
        for (WireClient client : List.of(whole, routed)) {
            for (int id = 1; id <= ACCOUNTS; id++) {
                assertThat(texts(client.query("insert into accounts (id, balance) values (" + id + ", 100)")))
                        .containsExactly("CommandComplete INSERT 0 1", "ReadyForQuery I");
            }
        }
    }

    @AfterAll
    static void stop() {
        whole.close();
        routed.close();
        router.close();
        cluster.close();
    }

    @BeforeEach
    void fill() {
        for (WireClient client : List.of(whole, routed)) {
            assertThat(client.query("update accounts set balance = 100").toString())
                    .contains("UPDATE " + ACCOUNTS);
        }
    }

    /** Each line is one message; all come to several shards. */
    @Test
    @Case({"H43", "H44"})
    void dialogues() {
        List<String> dialogues = List.of(
                "begin;update accounts set balance = balance - 1 where id = 1;update accounts set balance = balance + 1 where id = 2;"
                        + "update accounts set balance = balance + 2 where id = 5;select balance from accounts where id = 1;commit",
                "begin;update accounts set balance = 0 where id = 1;update accounts set balance = 0 where id = 2;rollback",
                "begin;update accounts set balance = 1 where id = 1;update accounts set balance = -1 where id = 2;"
                        + "select balance from accounts where id = 1;select balance from accounts where id = 2;commit",
                "begin;update accounts set balance = 1 where id = 1;savepoint s;update accounts set balance = 2 where id = 2;"
                        + "update accounts set balance = 3 where id = 3;rollback to s;select balance from accounts where id = 2;"
                        + "update accounts set balance = 4 where id = 4;release s;commit",
                "begin;savepoint a;update accounts set balance = 7 where id = 7;savepoint b;update accounts set balance = -8 where id = 8;"
                        + "rollback to b;update accounts set balance = 8 where id = 8;rollback to a;select balance from accounts where id = 7;commit",
                "begin isolation level repeatable read;select balance from accounts where id = 1;show transaction_isolation;"
                        + "select balance from accounts where id = 2;show transaction_isolation;commit",
                "begin;set local work_mem = '7MB';select balance from accounts where id = 1;select balance from accounts where id = 2;"
                        + "show work_mem;commit;show work_mem",
                "begin;select balance from accounts where id = 1;set work_mem = '9MB';select balance from accounts where id = 2;show work_mem;"
                        + "rollback;show work_mem",
                "begin;set work_mem = '3MB';set local work_mem = '4MB';select balance from accounts where id = 1;select balance from accounts where id = 2;"
                        + "show work_mem;savepoint s;set work_mem = '5MB';select balance from accounts where id = 3;select balance from accounts where id = 4;"
                        + "rollback to s;select balance from accounts where id = 1;show work_mem;select balance from accounts where id = 2;show work_mem;"
                        + "select balance from accounts where id = 3;show work_mem;select balance from accounts where id = 5;show work_mem;rollback;show work_mem",
                "begin;update accounts set balance = 9 where id = 3;select 1 from accounts where id in (1, 2, 3, 4) for update;"
                        + "update accounts set balance = balance + 1 where id = 4;select count(*) from accounts where balance > 100;commit",
                "begin read only;select balance from accounts where balance > 1000 for update;rollback",
                "begin;update accounts set balance = 5 where id = 1;select nothing from accounts where id = 2;rollback;select 1",
                "begin;insert into accounts (id, balance) values (101, 1);insert into accounts (id, balance) values (102, 1);insert into accounts (id, balance) values (101, 1);commit;"
                        + "select balance from accounts where id = 102",
                "begin;update accounts set balance = balance + 1;select sum(balance), count(*) from accounts;"
                        + "update accounts set balance = 0 where id = 3;select * from accounts order by id limit 5;commit",
                "begin;select count(*) from accounts;savepoint s;update accounts set balance = balance - 101 where id > 20;"
                        + "select 1;rollback to s;update accounts set balance = balance - 50 where id > 20;commit",
                "begin;select id, balance from accounts where id in (1, 2, 3, 4, 5, 6) order by 1;delete from accounts where id < 4;"
                        + "select count(*) from accounts;rollback;select count(*) from accounts",
                "begin;insert into accounts (id, balance) values (201, 1), (202, 2), (203, 3), (204, 4);select sum(id) from accounts;"
                        + "delete from accounts where id > 200;commit",
                "begin;select nothing from accounts;select 1;rollback;select count(*) from accounts",
                "begin;update accounts set balance = balance + id;select sum(balance) / count(*), count(distinct balance) + 1 from accounts;"
                        + "select id % 3 as g, max(balance) - min(balance) from accounts group by g having count(*) > 1 order by g;rollback",
                "begin;delete from accounts where id = 5;select sum(balance) / (count(*) - count(*)) from accounts;select 1;rollback;"
                        + "select count(*) from accounts",
                "begin read only;select sum(balance) from accounts;update accounts set balance = 1;commit",
                "begin read only;select balance from accounts where id = 1;select balance from accounts where id = 2;"
                        + "update accounts set balance = 3 where id = 2;commit",
                "begin;delete from accounts where id = 1;delete from accounts where id = 2;delete from accounts where id = 3;end;"
                        + "insert into accounts (id, balance) values (1, 100);insert into accounts (id, balance) values (2, 100);insert into accounts (id, balance) values (3, 100)");
        for (String dialogue : dialogues) {
            for (String sql : dialogue.split(";")) {
                assertThat(texts(routed.query(sql))).as(sql + " in " + dialogue).isEqualTo(texts(whole.query(sql)));
            }
            String all = "select * from accounts order by id";
            assertThat(texts(routed.query(all))).as(dialogue).isEqualTo(texts(whole.query(all)));
        }
        assertThat(cluster.preparedCount()).isZero();
    }

    @Test
    void tellsThatACommitWentToSeveralShards() {
        for (String sql : List.of(
                "begin",
                "update accounts set balance = 1 where id = 1",
                "update accounts set balance = 2 where id = 2",
                "update accounts set balance = 5 where id = 5",
                "commit")) {
            routed.query(sql);
        }

        assertThat(routed.ask("show trunkline.route"))
                .startsWith("shard=several role=primary node=")
                .endsWith(" reason=committed_together,in_transaction")
                .matches(".*node=[^ ,]+,[^ ]+ .*");
    }

    @Test
    @Case("H33")
    void rowsOfSeveralShardsStayLockedUntilTheTransactionEnds() {
        try (WireClient other = WireClient.connect(router.port(), "app")) {
            other.query("set lock_timeout = '100ms'");
            routed.query("begin");
            assertThat(texts(routed.query("select id from accounts where balance = 100 for update")))
                    .contains("CommandComplete SELECT " + ACCOUNTS, "ReadyForQuery T");

            for (int id = 1; id <= 4; id++) {
                assertThat(texts(other.query("update accounts set balance = 1 where id = " + id))
                                .toString())
                        .contains("C=55P03");
            }
            routed.query("commit");
            assertThat(texts(other.query("update accounts set balance = 1 where id = 1")))
                    .containsExactly("CommandComplete UPDATE 1", "ReadyForQuery I");
        }
    }

    @Test
    void extendedGroups() {
        String update = "update accounts set balance = balance + $1 where id = $2";
        for (WireClient client : List.of(whole, routed)) {
            client.send(parse("u", update), sync()).receiveUntilReady();
        }
        byte[][][] groups = {
            {parse("", "begin"), bind("", ""), execute("", 0), sync()},
            {bind("", "u", "1", "1"), execute("", 0), sync()},
            {bind("", "u", "1", "2"), execute("", 0), sync()},
            {parse("", update), bind("", "", "1", "3"), execute("", 0), bind("", "", "1", "4"), execute("", 0), sync()},
            {parse("", update), bind("", "", "1", "5"), execute("", 0), sync()},
            {parse("", "savepoint x"), bind("", ""), execute("", 0), sync()},
            {bind("", "u", "-1000", "6"), execute("", 0), bind("", "u", "1", "7"), execute("", 0), sync()},
            {parse("", "rollback to x"), bind("", ""), execute("", 0), sync()},
            {bind("", "u", "x", "7"), execute("", 0), sync()},
            {parse("", "rollback to x"), bind("", ""), execute("", 0), sync()},
            {bind("", "u", "5", "7"), execute("", 0), sync()},
            {
                parse("", "select sum(balance), count(*) from accounts where id > $1"),
                bind("", "", "2"),
                execute("", 0),
                sync()
            },
            {
                parse("all", "select id from accounts where balance > $1 order by id desc limit $2"),
                bind("", "all", "3", "4"),
                execute("", 0),
                sync()
            },
            {bind("", "all", "3", "2"), execute("", 0), sync()},
            {parse("", "update accounts set balance = balance + $1"), bind("", "", "2"), execute("", 0), sync()},
            {parse("", "commit"), bind("", ""), execute("", 0), sync()},
            {parse("", "select 1"), bind("", ""), execute("", 0), sync()},
        };
        for (int i = 0; i < groups.length; i++) {
            assertThat(texts(routed.send(groups[i]).receiveUntilReady()))
                    .as("group " + i)
                    .isEqualTo(texts(whole.send(groups[i]).receiveUntilReady()));
        }
        String all = "select * from accounts order by id";
        assertThat(texts(routed.query(all))).isEqualTo(texts(whole.query(all)));
    }

    @Test
    void aDriverTransfersBetweenShards() throws Exception {
        int threads = 4;
        AtomicBoolean failed = new AtomicBoolean();
        List<Thread> clients = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Random random = new Random(t);
            Thread thread = new Thread(() -> {
                try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + router.port() + "/app",
                        RouterUnderTest.TRUSTED_USER,
                        RouterUnderTest.PASSWORD)) {
                    connection.setAutoCommit(false);
                    for (int i = 0; i < 60; i++) {
                        transfer(connection, random);
                    }
                } catch (SQLException e) {
                    e.printStackTrace();
                    failed.set(true);
                }
            });
            clients.add(thread);
            thread.start();
        }
        for (Thread thread : clients) {
            thread.join();
        }
        assertThat(failed).isFalse();
        assertThat(routed.ask("select sum(balance) from accounts")).isEqualTo(Integer.toString(100 * ACCOUNTS));
        assertThat(cluster.preparedCount()).isZero();
    }

    /** Locks two accounts in the order of their numbers, so that transfers do not wait for each other in a circle. */
    private static void transfer(Connection connection, Random random) throws SQLException {
        int one = 1 + random.nextInt(ACCOUNTS);
        int other = 1 + random.nextInt(ACCOUNTS);
        int amount = 1 + random.nextInt(5);
        try (PreparedStatement update =
                connection.prepareStatement("update accounts set balance = balance + ? where id = ?")) {
            update.setInt(1, one < other ? -amount : amount);
            update.setLong(2, Math.min(one, other));
            update.executeUpdate();
            Savepoint savepoint = random.nextInt(3) == 0 ? connection.setSavepoint() : null;
            update.setInt(1, one < other ? amount : -amount);
            update.setLong(2, Math.max(one, other));
            update.executeUpdate();
            if (savepoint != null && random.nextBoolean()) {
                connection.rollback(savepoint);
                connection.rollback();
            } else if (random.nextInt(5) == 0) {
                connection.rollback();
            } else {
                connection.commit();
            }
        } catch (SQLException e) {
            // An account that would be overdrawn.
            connection.rollback();
            if (!"23514".equals(e.getSQLState())) {
                throw e;
            }
        }
    }
}
