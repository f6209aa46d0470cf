// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import static io.trunkline.topology.zookeeper.ZooKeeperTests.connection;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.end;
import static io.trunkline.topology.zookeeper.ZooKeeperTests.sessionOf;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.decision.DecisionLog.Decision;
import io.trunkline.decision.DecisionLog.Listener;
import io.trunkline.decision.KeptDecisions;
import io.trunkline.decision.TransactionId;
import io.trunkline.decision.TransactionIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.ZooDefs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ZooKeeperDecisionsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int RACES = 200;

    private final TransactionIds ids = TransactionIds.ofNewInstance();

    /** Remembers every word it was told. */
    private static final class Heard implements Listener {
        private final List<Object> words = new CopyOnWriteArrayList<>();

        @Override
        public void onDecided(Decision decision) {
            words.add(decision);
        }

        @Override
        public void onFailed(String problem) {
            words.add(problem);
        }

        Object word() {
            if (words.isEmpty()) {
                await().atMost(Duration.ofSeconds(60)).until(() -> !words.isEmpty());
            }
            return words.get(0);
        }
    }

    @Test
    void tellsTheSecondRouterWhatTheFirstDecided() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection first = connection(server.getConnectString());
                ZooKeeperConnection second = connection(server.getConnectString());
                ZooKeeperDecisions committing = ZooKeeperDecisions.on(first, LIMIT);
                ZooKeeperDecisions recovering = ZooKeeperDecisions.on(second, LIMIT)) {
            assertThat(decide(committing, id, Decision.COMMIT).word()).isEqualTo(Decision.COMMIT);

            Heard heard = decide(recovering, id, Decision.ABORT);

            assertThat(heard.word()).isEqualTo(Decision.COMMIT);
            assertThat(decide(committing, id, Decision.COMMIT).word()).isEqualTo(Decision.COMMIT);
            assertThat(znode(second, id)).isEqualTo("commit");
        }
    }

    @Test
    void tellsTheCommittingRouterThatRecoveryWasFaster() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            assertThat(decide(log, id, Decision.ABORT).word()).isEqualTo(Decision.ABORT);

            Heard heard = decide(log, id, Decision.COMMIT);

            assertThat(heard.word()).isEqualTo(Decision.ABORT);
            assertThat(znode(connection, id)).isEqualTo("abort");
        }
    }

    @Test
    void racersNeverDisagree() throws Exception {
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection first = connection(server.getConnectString());
                ZooKeeperConnection second = connection(server.getConnectString());
                ZooKeeperDecisions committing = ZooKeeperDecisions.on(first, LIMIT);
                ZooKeeperDecisions aborting = ZooKeeperDecisions.on(second, LIMIT)) {
            List<TransactionId> raced = new ArrayList<>();
            List<Heard> commits = new ArrayList<>();
            List<Heard> aborts = new ArrayList<>();
            for (int i = 0; i < RACES; i++) {
                raced.add(ids.next("main"));
                commits.add(new Heard());
                aborts.add(new Heard());
            }
            first.awaitConnected();
            second.awaitConnected();
            CyclicBarrier start = new CyclicBarrier(2);

            Thread one = racer(start, committing, raced, Decision.COMMIT, commits);
            Thread other = racer(start, aborting, raced, Decision.ABORT, aborts);
            one.join();
            other.join();

            for (int i = 0; i < RACES; i++) {
                Object word = commits.get(i).word();
                assertThat(word)
                        .isInstanceOf(Decision.class)
                        .isEqualTo(aborts.get(i).word());
                assertThat(znode(first, raced.get(i))).isEqualToIgnoringCase(word.toString());
            }
            assertThat(commits).allSatisfy(heard -> assertThat(heard.words).hasSize(1));
            assertThat(aborts).allSatisfy(heard -> assertThat(heard.words).hasSize(1));
        }
    }

    @Test
    void readsItsOwnDecisionBackWhenTheSessionEndsBeforeTheAnswer() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                Detour detour = new Detour(server.getPort());
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(detour.connect());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            decide(log, ids.next("main"), Decision.COMMIT).word();
            detour.loseAnswers();

            Heard heard = decide(log, id, Decision.COMMIT);
            await().until(() -> observer.client().checkExists().forPath(path(id)) != null);
            assertThat(heard.words).isEmpty();
            end(sessionOf(connection), connection, server);
            detour.cut();

            assertThat(heard.word()).isEqualTo(Decision.COMMIT);
            assertThat(heard.words).hasSize(1);
        }
    }

    @Test
    void obeysAnotherWhoDecidedWhileThereWasNoConnection() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                Detour detour = new Detour(server.getPort());
                ZooKeeperConnection observer = connection(server.getConnectString());
                ZooKeeperConnection connection = connection(detour.connect());
                ZooKeeperDecisions recovery = ZooKeeperDecisions.on(observer, LIMIT);
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            decide(log, ids.next("main"), Decision.COMMIT).word();
            assertThat(decide(recovery, id, Decision.ABORT).word()).isEqualTo(Decision.ABORT);
            detour.loseAnswers();

            Heard heard = decide(log, id, Decision.COMMIT);
            detour.cut();

            assertThat(heard.word()).isEqualTo(Decision.ABORT);
        }
    }

    @Test
    void decidesWhenZooKeeperIsBackWithinTheLimit() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            decide(log, ids.next("main"), Decision.COMMIT).word();
            server.stop();
            // One request finds out that the connection is lost, the other knows it beforehand.
            Heard during = decide(log, id, Decision.COMMIT);
            await().until(() -> connection.trouble().isPresent());
            Heard after = decide(log, id, Decision.ABORT);
            assertThat(during.words).isEmpty();
            assertThat(after.words).isEmpty();

            server.restart();

            assertThat(during.word()).isInstanceOf(Decision.class).isEqualTo(after.word());
            assertThat(znode(connection, id))
                    .isEqualToIgnoringCase(during.word().toString());
        }
    }

    @Test
    void failsOnceWhenZooKeeperStaysAway() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, Duration.ofMillis(700))) {
            decide(log, ids.next("main"), Decision.COMMIT).word();
            server.stop();

            Heard heard = decide(log, id, Decision.COMMIT);

            assertThat(heard.word()).isEqualTo("ZooKeeper did not answer within 700 ms");
            server.restart();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> decide(log, ids.next("main"), Decision.ABORT).word() == Decision.ABORT);
            assertThat(heard.words).hasSize(1);
        }
    }

    @Test
    void failsRatherThanGuessWhenTheZnodeHoldsSomethingElse() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            connection.client().create().creatingParentsIfNeeded().forPath(path(id), "perhaps".getBytes(US_ASCII));

            Heard heard = decide(log, id, Decision.ABORT);

            assertThat(heard.word()).asString().contains("neither commit nor abort");
            assertThat(znode(connection, id)).isEqualTo("perhaps");
        }
    }

    @Test
    void failsWhatIsUnderWayAndWhatComesLaterWhenItIsClosed() throws Exception {
        try (ZooKeeperConnection connection = connection("127.0.0.1:" + ZooKeeperTests.freePort())) {
            ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT);
            Heard underWay = decide(log, ids.next("main"), Decision.COMMIT);

            log.close();

            assertThat(underWay.word()).isEqualTo("the router stops");
            assertThat(decide(log, ids.next("main"), Decision.COMMIT).word()).isEqualTo("the router stops");
            assertThat(underWay.words).hasSize(1);
        }
    }

    @Test
    void failsAtOnceWhatIsMoreThanMayBeUnderWay() throws Exception {
        try (ZooKeeperConnection connection = connection("127.0.0.1:" + ZooKeeperTests.freePort());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, Duration.ofSeconds(3))) {
            List<Heard> waiting = new ArrayList<>();
            for (int i = 0; i < ZooKeeperDecisions.UNDER_WAY_MAX; i++) {
                waiting.add(decide(log, ids.next("main"), Decision.COMMIT));
            }

            Heard tooMany = decide(log, ids.next("main"), Decision.COMMIT);

            assertThat(tooMany.words).containsExactly("more than 10000 decisions are under way");
            waiting.forEach(heard -> assertThat(heard.word()).asString().contains("did not answer"));
            assertThat(decide(log, ids.next("main"), Decision.COMMIT).words).isEmpty();
        }
    }

    @Test
    void listsWhatIsOldEnoughOfOneCluster() throws Exception {
        TransactionId ours = ids.next("a");
        TransactionId anothers = ids.next("a_b");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            assertThat(list(log, "a", Duration.ZERO)).isEqualTo(List.of());
            decide(log, ours, Decision.COMMIT).word();
            decide(log, anothers, Decision.COMMIT).word();
            connection.client().create().forPath("/trunkline/test/decisions/a/something");

            assertThat(list(log, "a", Duration.ZERO)).isEqualTo(List.of(ours));
            assertThat(list(log, "a", Duration.ofMinutes(1))).isEqualTo(List.of());
        }
    }

    @Test
    void forgetsForGood() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = connection(server.getConnectString());
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            decide(log, id, Decision.COMMIT).word();

            log.forget(id);

            await().until(() -> connection.client().checkExists().forPath(path(id)) == null);
            log.forget(id);
            assertThat(decide(log, id, Decision.ABORT).word()).isEqualTo(Decision.ABORT);
        }
    }

    @Test
    void givesDecisionsToTheirOwnerWhenThereAreCredentials() throws Exception {
        TransactionId id = ids.next("main");
        try (TestingServer server = new TestingServer();
                ZooKeeperConnection connection = ZooKeeperConnection.open(new ZooKeeperSettings(
                        server.getConnectString(),
                        "/trunkline/test",
                        "router:secret",
                        Duration.ofSeconds(4),
                        Duration.ofSeconds(5)));
                ZooKeeperDecisions log = ZooKeeperDecisions.on(connection, LIMIT)) {
            decide(log, id, Decision.COMMIT).word();

            assertThat(connection.client().getACL().forPath(path(id)))
                    .singleElement()
                    .satisfies(acl -> {
                        assertThat(acl.getPerms()).isEqualTo(ZooDefs.Perms.ALL);
                        assertThat(acl.getId().getScheme()).isEqualTo("digest");
                        assertThat(acl.getId().getId()).startsWith("router:");
                    });
        }
    }

    private static Heard decide(ZooKeeperDecisions log, TransactionId id, Decision wanted) {
        Heard heard = new Heard();
        log.decide(id, wanted, heard);
        return heard;
    }

    private static Thread racer(
            CyclicBarrier start,
            ZooKeeperDecisions log,
            List<TransactionId> raced,
            Decision wanted,
            List<Heard> heard) {
        Thread thread = new Thread(() -> {
            try {
                start.await();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            // From opposite ends, so that each is the first for about half of them.
            for (int i = 0; i < RACES; i++) {
                int k = wanted == Decision.COMMIT ? i : RACES - 1 - i;
                log.decide(raced.get(k), wanted, heard.get(k));
            }
        });
        thread.start();
        return thread;
    }

    private static Object list(ZooKeeperDecisions log, String cluster, Duration age) {
        List<Object> words = new CopyOnWriteArrayList<>();
        log.list(cluster, age, new KeptDecisions.Listener() {
            @Override
            public void onListed(List<TransactionId> decided) {
                words.add(decided);
            }

            @Override
            public void onFailed(String problem) {
                words.add(problem);
            }
        });
        await().atMost(Duration.ofSeconds(60)).until(() -> !words.isEmpty());
        return words.get(0);
    }

    private static String path(TransactionId id) {
        return "/trunkline/test/decisions/" + id.cluster() + "/" + id.text();
    }

    private static String znode(ZooKeeperConnection connection, TransactionId id) throws Exception {
        return new String(connection.client().getData().forPath(path(id)), US_ASCII);
    }
}
