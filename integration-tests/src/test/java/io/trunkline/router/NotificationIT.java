// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static io.trunkline.router.ClientMessage.bind;
import static io.trunkline.router.ClientMessage.describePortal;
import static io.trunkline.router.ClientMessage.execute;
import static io.trunkline.router.ClientMessage.parse;
import static io.trunkline.router.ClientMessage.query;
import static io.trunkline.router.ClientMessage.sync;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.testing.Case;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Listeners that share backends hear what they would hear from PostgreSQL, and only that. */
class NotificationIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static PostgresCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestTopologies.start(PostgresOptions.newest().replicas(0));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static RouterUnderTest router(int poolSize) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.singleWithoutRoles(cluster, 1, "app"))
                .set("defaults.pool_size", Integer.toString(poolSize))
                .start();
    }

    @Test
    @Case("N16")
    void N16_twoThousandListenersShareABackendOnEachLoopAndHearEveryChannelInOrder() {
        int clients = 2_000;
        int channels = 10;
        int notifications = 40;
        List<WireClient> listeners = new ArrayList<>();
        try (RouterUnderTest router = router(2);
                WireClient notifier = WireClient.connect(router.port(), "app")) {
            for (int i = 0; i < clients; i++) {
                WireClient listener = WireClient.connect(router.port(), "app");
                listeners.add(listener);
                assertThat(texts(listener.query("listen c" + i % channels)))
                        .containsExactly("CommandComplete LISTEN", "ReadyForQuery I");
            }

            for (int n = 0; n < notifications; n++) {
                StringBuilder sql = new StringBuilder("begin");
                for (int c = 0; c < channels; c++) {
                    sql.append("; notify c").append(c).append(", '").append(n).append('\'');
                }
                notifier.query(sql.append("; commit").toString());
            }

            for (int i = 0; i < clients; i++) {
                for (int n = 0; n < notifications; n++) {
                    assertThat(notification(listeners.get(i).receive()))
                            .isEqualTo(new Notified("c" + i % channels, Integer.toString(n)));
                }
            }
            // Two event loops, each with a backend that listens, and the pool of two.
            assertThat(backends()).isLessThanOrEqualTo(2 + 2);
            assertThat(metric(router, "trunkline_listening_sessions")).isEqualTo(clients);
            assertThat(metric(router, "trunkline_listened_channels")).isBetween((long) channels, 2L * channels);
            assertThat(metric(router, "trunkline_notifications_total")).isEqualTo(clients * notifications);
            listeners.forEach(WireClient::close);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(metric(router, "trunkline_listened_channels"))
                            .isZero());
        } finally {
            listeners.forEach(WireClient::close);
        }
    }

    @Test
    @Case("N16")
    void N16_aListenerLeavesThePoolOfOneToOthers() {
        try (RouterUnderTest router = router(1);
                WireClient listener = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            listener.query("listen news");

            assertThat(texts(other.query("notify news, 'hello'")))
                    .containsExactly("CommandComplete NOTIFY", "ReadyForQuery I");

            assertThat(notification(listener.receive())).isEqualTo(new Notified("news", "hello"));
            other.query("begin");
            // The one backend is taken, and listening goes on all the same.
            assertThat(texts(listener.query("listen more")))
                    .containsExactly("CommandComplete LISTEN", "ReadyForQuery I");
            other.query("notify more, 'x'");
            other.query("commit");
            assertThat(notification(listener.receive())).isEqualTo(new Notified("more", "x"));
            assertThat(listener.ask("select 1")).isEqualTo("1");
        }
    }

    /** One request of a script: who sends it, and what. */
    private record Step(String who, byte[]... frames) {}

    private static Step a(String sql) {
        return new Step("a", query(sql));
    }

    private static Step b(String sql) {
        return new Step("b", query(sql));
    }

    @Test
    @Case("N16")
    void N16_takesEffectWithTheTransactionAsInPostgresql() {
        List<Step> script = List.of(
                // Its first LISTEN: a backend that listens already would give a new channel all it has not read yet.
                a("begin"),
                a("listen two"),
                b("notify two, 'before the commit'"),
                a("commit"),
                a("listen one"),
                b("notify one, '1'"),
                a("begin"),
                b("notify one, 'waits for the end of the transaction'"),
                a("select 1"),
                a("commit"),
                b("notify two, '2'"),
                a("begin; listen three; rollback"),
                b("notify three, 'undone'"),
                a("begin; listen four; savepoint s; listen five"),
                a("rollback to s; release s; unlisten one"),
                b("notify one, 'still'"),
                a("commit"),
                b("notify one, 'no longer'"),
                b("notify five, 'undone'"),
                b("begin; notify four, 'a'; notify four, 'a'; notify two, 'b'; notify four, 'c'; commit"),
                a("begin"),
                a("select 1/0"),
                a("listen six"),
                a("rollback"),
                b("notify six"),
                a("listen seven; listen eight; select 2"),
                b("notify eight, '8'"),
                a("listen nine; select 1/0"),
                b("notify nine, 'undone'"),
                a("notify eight, 'own'"),
                a("begin; listen ten; notify ten, 'own'; commit"),
                a("begin; notify ten, 'rolled back'; rollback"),
                a("select pg_notify('ten', 'by function')"),
                new Step("a", parse("", "listen eleven"), bind("", ""), describePortal(""), execute("", 0), sync()),
                b("notify eleven, '11'"),
                new Step("a", parse("u", "unlisten eleven"), bind("", "u"), execute("", 0), sync()),
                b("notify eleven, 'no longer'"),
                new Step(
                        "a",
                        parse("", "listen twelve"),
                        bind("", ""),
                        execute("", 0),
                        parse("", "select 1/0"),
                        bind("", ""),
                        execute("", 0),
                        sync()),
                b("notify twelve, 'undone'"),
                a("begin; listen thirteen"),
                a("prepare transaction 'x'"),
                a("listen \"With \"\" quote\""),
                b("notify \"With \"\" quote\", 'q'"),
                a("listen select"),
                a("listen a b"),
                a("unlisten *"),
                b("notify ten, 'no longer'"),
                a("listen last"),
                b("notify last, 'x'"),
                a("discard all"),
                b("notify last, 'no longer'"),
                a("select 1"));

        List<List<String>> direct = play(cluster.primary().port(), script, null);
        List<List<String>> routed;
        try (RouterUnderTest router = router(2)) {
            routed = play(router.port(), script, direct);
        }

        assertThat(routed).isEqualTo(direct);
    }

    /** Returns what client a got after each step; with an expectation it waits for as many messages, else for a while. */
    private static List<List<String>> play(int port, List<Step> script, @Nullable List<List<String>> expected) {
        List<List<String>> answers = new ArrayList<>();
        try (WireClient a = WireClient.connect(port, "app");
                WireClient b = WireClient.connect(port, "app")) {
            for (int i = 0; i < script.size(); i++) {
                Step step = script.get(i);
                WireClient client = step.who().equals("a") ? a : b;
                List<ServerMessage> answer = client.send(step.frames()).receiveUntilReady();
                List<String> got = new ArrayList<>(client == a ? texts(answer) : List.of());
                int wanted =
                        expected == null ? Integer.MAX_VALUE : expected.get(i).size();
                Duration patience = expected == null ? Duration.ofMillis(150) : LIMIT;
                while (got.size() < wanted) {
                    ServerMessage more = receiveWithin(a, patience);
                    if (more == null) {
                        break;
                    }
                    got.add(text(more));
                }
                // What another client notified comes when the backend that listens gets to run: on a busy machine that
                // may be behind the end.
                int last = got.size() - 1;
                if (last > 0 && got.get(last).contains("waits for the end")) {
                    Collections.swap(got, last - 1, last);
                }
                answers.add(got);
            }
            ServerMessage more = receiveWithin(a, Duration.ofMillis(300));
            assertThat(more).isNull();
        }
        return answers;
    }

    @Test
    @Case("N17")
    void N17_anIdleDriverIsToldWithoutAskingAndKnowsItsOwnNotifications() throws Exception {
        try (RouterUnderTest router = router(1);
                Connection listener = router.connect("app");
                Statement statement = listener.createStatement()) {
            PGConnection driver = listener.unwrap(PGConnection.class);
            statement.execute("LISTEN news");
            statement.execute("NOTIFY news, 'own'");
            PGNotification[] own = driver.getNotifications();

            try (WireClient other = WireClient.connect(router.port(), "app")) {
                other.query("notify news, 'of another'");
            }
            PGNotification[] others = driver.getNotifications((int) LIMIT.toMillis());

            assertThat(own).hasSize(1);
            assertThat(own[0].getParameter()).isEqualTo("own");
            assertThat(own[0].getPID()).isEqualTo(driver.getBackendPID());
            assertThat(others).hasSize(1);
            assertThat(others[0].getParameter()).isEqualTo("of another");
            assertThat(others[0].getPID()).isNotEqualTo(driver.getBackendPID());
        }
    }

    @Test
    @Case("D14")
    void D14_listenersOutliveARestartOfTheNodeAndAreToldOfIt() {
        try (RouterUnderTest router = router(2);
                WireClient first = WireClient.connect(router.port(), "app");
                WireClient second = WireClient.connect(router.port(), "app")) {
            first.query("listen news");
            second.query("listen other; listen news");

            cluster.primary().restart(PostgresServer.StopMode.FAST);

            for (WireClient listener : List.of(first, second)) {
                ServerMessage notice = listener.receive();
                assertThat(notice.type()).isEqualTo('N');
                assertThat(notice.fields()).containsEntry('V', "WARNING").containsEntry('C', "01000");
            }
            try (WireClient notifier = WireClient.connect(router.port(), "app")) {
                notifier.query("notify news, 'after'");
            }
            assertThat(notification(first.receive())).isEqualTo(new Notified("news", "after"));
            assertThat(notification(second.receive())).isEqualTo(new Notified("news", "after"));
            assertThat(metric(router, "trunkline_listening_losses_total")).isPositive();
        }
    }

    @Test
    @Case("D14")
    void D14_aListenDuringARestartWaitsForTheNode() {
        try (RouterUnderTest router = router(2);
                WireClient client = WireClient.connect(router.port(), "app")) {
            client.query("select 1");
            cluster.primary().stop(PostgresServer.StopMode.FAST);
            client.send(query("listen news"));

            cluster.primary().start();

            assertThat(texts(client.receiveUntilReady())).containsExactly("CommandComplete LISTEN", "ReadyForQuery I");
        }
    }

    @Test
    @Case("B01")
    void B01_aListenerThatDoesNotReadIsClosedAndHoldsUpNobody() {
        String payload = "x".repeat(7_000);
        try (RouterUnderTest router = router(2);
                WireClient slow = WireClient.connect(router.port(), "app");
                WireClient quick = WireClient.connect(router.port(), "app");
                WireClient notifier = WireClient.connect(router.port(), "app")) {
            slow.query("listen news");
            quick.query("listen news");

            int sent = 0;
            while (metric(router, "trunkline_listening_sessions") > 1) {
                // More than the kernel's buffers hold, the queue of the router behind them.
                for (int i = 0; i < 100; i++) {
                    notifier.query("notify news, '" + sent++ + " " + payload + "'");
                    assertThat(quick.receive().type()).isEqualTo('A');
                }
                assertThat(sent).isLessThan(20_000);
            }

            assertThat(router.get("/metrics").body())
                    .contains("trunkline_errors_total{kind=\"limit\",sqlstate=\"53200\"} 1.0");
            assertThat(quick.ask("select 1")).isEqualTo("1");
            assertThatThrownBy(() -> slow.receiveUntil('Z')).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    @Case("N16")
    void N16_nothingOfAListenerIsLeftOnABackend() {
        try (RouterUnderTest router = router(1);
                WireClient listener = WireClient.connect(router.port(), "app");
                WireClient other = WireClient.connect(router.port(), "app")) {
            listener.query("begin");
            listener.query("listen leaked");
            assertThat(listener.ask("select count(*) from pg_listening_channels()"))
                    .isEqualTo("0");
            listener.query("commit");

            assertThat(other.ask("select count(*) from pg_listening_channels()"))
                    .isEqualTo("0");
            other.query("notify leaked, 'x'");

            assertThat(notification(listener.receive())).isEqualTo(new Notified("leaked", "x"));
            assertThat(receiveWithin(listener, Duration.ofMillis(300))).isNull();
            assertThat(receiveWithin(other, Duration.ofMillis(300))).isNull();
        }
    }

    @Test
    @Case("N16")
    void N16_eachClientEncodingHearsInItsOwn() {
        try (RouterUnderTest router = router(2);
                WireClient latin =
                        WireClient.connect(router.port(), "app", Map.of("client_encoding", "LATIN1"), false);
                WireClient utf = WireClient.connect(router.port(), "app")) {
            latin.query("listen news");
            utf.query("listen news");

            utf.query("notify news, U&'caf\\00e9'");

            assertThat(payloadBytes(latin.receive())).isEqualTo(new byte[] {'c', 'a', 'f', (byte) 0xe9});
        }
    }

    // what is read

    private record Notified(String channel, String payload) {}

    private static Notified notification(ServerMessage message) {
        assertThat(message.type()).as(message.toString()).isEqualTo('A');
        // The process id before the channel is no text, and may look like a character of two bytes.
        byte[] body = message.body();
        String[] words = new String(body, Integer.BYTES, body.length - Integer.BYTES, UTF_8).split("\0", -1);
        return new Notified(words[0], words[1]);
    }

    private static byte[] payloadBytes(ServerMessage message) {
        byte[] body = message.body();
        int channelEnd = Integer.BYTES;
        while (body[channelEnd] != 0) {
            channelEnd++;
        }
        return Arrays.copyOfRange(body, channelEnd + 1, body.length - 1);
    }

    private static List<String> texts(List<ServerMessage> messages) {
        return messages.stream().map(NotificationIT::text).toList();
    }

    private static String text(ServerMessage message) {
        return message.type() == 'A' ? notification(message).toString() : message.toString();
    }

    /** Returns the next message, or null when none begins in time. */
    private static @Nullable ServerMessage receiveWithin(WireClient client, Duration limit) {
        try {
            client.socket().setSoTimeout((int) limit.toMillis());
            return client.receive();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof SocketTimeoutException) {
                return null;
            }
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            restoreTimeout(client);
        }
    }

    private static void restoreTimeout(WireClient client) {
        try {
            client.socket().setSoTimeout((int) LIMIT.toMillis());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int backends() {
        String count = cluster.primary()
                .queryText("select count(*) from pg_stat_activity where datname = 'app' and usename = '"
                        + RouterUnderTest.TRUSTED_USER + "'");
        return Integer.parseInt(String.valueOf(count));
    }

    private static long metric(RouterUnderTest router, String name) {
        return (long) router.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
