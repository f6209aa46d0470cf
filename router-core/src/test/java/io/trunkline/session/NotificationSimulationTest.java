// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.pool.PoolSettings;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.LogGate;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.NotifyingServer;
import io.trunkline.testing.ScriptedBackend;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.MessageScanner.Direction;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Clients that listen, notify and roll back over few backends, in virtual time: each hears what it listens to, once, in order, and only where
 * PostgreSQL would tell it. {@code -Dsimulation.seeds=1000} runs more seeds, {@code -Dsimulation.first=17 -Dsimulation.seeds=1} one again.
 */
class NotificationSimulationTest {
    private static final long SEEDS = Long.getLong("simulation.seeds", 20);
    private static final long FIRST = Long.getLong("simulation.first", 1);
    private static final int CLIENTS = 8;
    private static final int ACTIONS = 60;
    private static final Pattern NOTIFICATION = Pattern.compile("NotificationResponse (\\w+) \"?(\\w+):(\\d+)\"?");
    private static final Pattern NOTIFY = Pattern.compile("notify (\\w+), '(\\w+:\\d+)'");

    @RegisterExtension
    final LogGate log = new LogGate();

    @TestFactory
    Stream<DynamicTest> everyListenerHearsWhatItListensToOnceAndInOrder() {
        return seeds(false);
    }

    @TestFactory
    Stream<DynamicTest> nobodyIsLeftWaitingAndNothingComesTwiceWhenBackendsAreLost() {
        return seeds(true);
    }

    private static Stream<DynamicTest> seeds(boolean faults) {
        return LongStream.range(FIRST, FIRST + SEEDS)
                .mapToObj(seed -> DynamicTest.dynamicTest(
                        "seed " + seed,
                        () -> ByteBufLeaks.during(() -> {
                            try {
                                new Run(seed, faults).play();
                            } catch (AssertionError | RuntimeException e) {
                                throw new AssertionError("simulation with seed " + seed + ": " + e, e);
                            }
                        })));
    }

    /** A notification that was committed: when its request was sent and when it was answered. */
    private record Notified(String channel, String payload, Moment sent, Moment answered) {}

    /**
     * A stretch in which a client listened: from the answer of LISTEN to the sending of what ended it, or of the transaction that did: what comes
     * within that is not told, and a listener may hear a little later than the notifier is answered.
     */
    private record Listened(String channel, Moment from, Moment to, boolean endedByTransaction) {
        private static final Duration LATE = Duration.ofMillis(50);

        boolean covers(Notified one) {
            return one.channel().equals(channel)
                    && one.sent().number() > from.number()
                    && one.answered().number() < to.number()
                    && (!endedByTransaction || to.nanos() - one.answered().nanos() > LATE.toNanos());
        }
    }

    /** One event of the run. */
    private record Moment(long number, long nanos) {}

    private static final class Run {
        private final Random random;
        private final boolean faults;
        private final TestRouter router;
        private final NotifyingServer server;
        private final List<Listener> clients = new ArrayList<>();
        private final List<Notified> notified = new ArrayList<>();
        private long events;

        Run(long seed, boolean faults) {
            this.random = new Random(seed);
            this.faults = faults;
            router = new TestRouter.Plan()
                    .pools(PoolSettings.builder().size(1 + random.nextInt(3)).build())
                    .start();
            server = new NotifyingServer(router.loop(), random);
            router.onConnected(server::serve);
        }

        void play() {
            try (router) {
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(new Listener("c" + i));
                    step();
                }
                for (int tick = 0; tick < 10_000 && clients.stream().anyMatch(client -> !client.isDone()); tick++) {
                    step();
                    if (faults && tick < 400 && random.nextInt(20) == 0) {
                        fault();
                    }
                }
                clients.forEach(client -> client.client.setWritable(true));
                for (int tick = 0; tick < 2_000; tick++) {
                    step();
                }

                assertThat(clients).allMatch(Listener::isDone);
                if (!faults) {
                    clients.forEach(Listener::assertHeardEverything);
                }
                clients.forEach(client -> client.client.vanish());
                router.time().advance(Duration.ofSeconds(30));
                assertThat(router.sessions().size()).isZero();
                assertThat(server.listeningCount()).isZero();
            }
        }

        private Moment now() {
            return new Moment(++events, router.loop().nanoTime());
        }

        private void step() {
            router.time().advance(Duration.ofMillis(1));
            clients.forEach(Listener::poll);
        }

        private void fault() {
            List<ScriptedBackend> open =
                    router.backends().stream().filter(ScriptedBackend::isOpen).toList();
            if (!open.isEmpty()) {
                open.get(random.nextInt(open.size())).die();
            }
        }

        private final class Listener {
            final TestClient client;
            private final String name;
            private final Map<String, Long> lastOf = new HashMap<>();
            private final List<String> heard = new ArrayList<>();
            private final List<Listened> listened = new ArrayList<>();
            private final Map<String, Moment> since = new HashMap<>();
            private final List<String> toNotify = new ArrayList<>();
            private final Deque<Set<String>> savepoints = new ArrayDeque<>();
            private Set<String> channels = Set.of();
            private Set<String> working = new HashSet<>();
            private byte[] unread = {};
            private char status = 'I';
            private @Nullable String request;
            private Moment sent = now();
            /** When the transaction under way began. */
            private Moment begun = sent;

            private boolean answering;
            private boolean failed;
            private boolean readyMustFollow;
            private int sequence;
            private int actionsLeft = ACTIONS;

            Listener(String name) {
                this.name = name;
                this.client = router.connect(Map.of());
            }

            boolean isDone() {
                return client.isClosed() || actionsLeft <= 0 && request == null && status == 'I';
            }

            void poll() {
                if (!client.isGreeted()) {
                    return;
                }
                unread = joined(unread, client.takeReceived());
                int at = 0;
                while (unread.length - at >= 5) {
                    int length = 1 + ByteBuffer.wrap(unread).getInt(at + 1);
                    if (unread.length - at < length) {
                        break;
                    }
                    onMessage(MessageText.decode(Direction.FROM_BACKEND, Arrays.copyOfRange(unread, at, at + length))
                            .get(0));
                    at += length;
                }
                unread = Arrays.copyOfRange(unread, at, unread.length);
                if (random.nextInt(30) == 0) {
                    client.setWritable(random.nextBoolean());
                }
                if (request == null && !isDone() && random.nextInt(3) == 0) {
                    act();
                }
            }

            private byte[] joined(byte[] one, byte[] other) {
                byte[] both = Arrays.copyOf(one, one.length + other.length);
                System.arraycopy(other, 0, both, one.length, other.length);
                return both;
            }

            private void onMessage(String message) {
                Matcher notification = NOTIFICATION.matcher(message);
                if (notification.matches()) {
                    onNotification(notification.group(1), notification.group(2), Long.parseLong(notification.group(3)));
                    return;
                }
                if (message.startsWith("NoticeResponse")) {
                    assertThat(message).contains("WARNING 01000");
                    assertThat(faults).as("a notice without a fault").isTrue();
                    return;
                }
                if (request == null) {
                    // The greeting.
                    assertThat(sequence).as("unasked: " + message).isZero();
                    return;
                }
                boolean ready = message.startsWith("ReadyForQuery");
                assertThat(ready || !readyMustFollow)
                        .as("%s within the answer to %s", message, request)
                        .isTrue();
                if (ready) {
                    onReady(message.charAt(message.length() - 1));
                } else {
                    answering = true;
                    failed |= message.startsWith("ErrorResponse");
                }
            }

            private void onNotification(String channel, String from, long number) {
                String asked = String.valueOf(request);
                boolean ending = asked.endsWith("commit") || asked.equals("rollback");
                assertThat(status == 'I' || ending && answering)
                        .as("%s:%d within a transaction, at %s", from, number, asked)
                        .isTrue();
                readyMustFollow = answering;
                Long before = lastOf.put(from, number);
                assertThat(before == null || before < number)
                        .as("%s:%d behind %d", from, number, before)
                        .isTrue();
                heard.add(channel + " " + from + ":" + number);
                if (!faults) {
                    assertThat(channels.contains(channel) || request != null && working.contains(channel))
                            .as("%s at %s is listened to", channel, asked)
                            .isTrue();
                }
            }

            private void onReady(char newStatus) {
                Moment now = now();
                String asked = String.valueOf(request);
                if (newStatus == 'I') {
                    boolean commits = !failed && !asked.equals("rollback") && status != 'E';
                    Set<String> after = commits ? Set.copyOf(working) : channels;
                    if (commits) {
                        for (String notify : toNotify.stream()
                                .filter(notify -> !notify.equals("mark"))
                                .toList()) {
                            Matcher words = NOTIFY.matcher(notify);
                            assertThat(words.matches()).isTrue();
                            notified.add(new Notified(words.group(1), words.group(2), sent, now));
                            if (!faults && after.contains(words.group(1))) {
                                assertThat(heard).as("own").contains(words.group(1) + " " + words.group(2));
                            }
                        }
                    }
                    become(after, now);
                    toNotify.clear();
                    savepoints.clear();
                    working = new HashSet<>(channels);
                }
                status = newStatus;
                request = null;
                answering = false;
                readyMustFollow = false;
                failed = false;
            }

            private void become(Set<String> after, Moment now) {
                for (String channel : channels) {
                    if (!after.contains(channel)) {
                        Moment from = since.remove(channel);
                        listened.add(new Listened(channel, from == null ? now : from, begun, begun != sent));
                    }
                }
                for (String channel : after) {
                    since.putIfAbsent(channel, now);
                }
                channels = after;
            }

            private void act() {
                actionsLeft--;
                sequence++;
                if (status == 'E') {
                    send(random.nextBoolean() ? "rollback" : "commit");
                    return;
                }
                if (actionsLeft <= 0 && status == 'T') {
                    send("commit");
                    return;
                }
                String channel = "n" + random.nextInt(3);
                switch (random.nextInt(12)) {
                    case 0, 1 -> {
                        working.add(channel);
                        send("listen " + channel);
                    }
                    case 2 -> {
                        working.remove(channel);
                        send("unlisten " + channel);
                    }
                    case 3 -> {
                        working.clear();
                        send("unlisten *");
                    }
                    case 4, 5, 6, 7 -> {
                        String notify = "notify " + channel + ", '" + name + ":" + sequence + "'";
                        toNotify.add(notify);
                        send(notify);
                    }
                    case 8 -> send(status == 'I' ? "begin" : random.nextInt(3) > 0 ? "commit" : "rollback");
                    case 9 -> {
                        if (status == 'T' && savepoints.isEmpty()) {
                            savepoints.push(new HashSet<>(working));
                            toNotify.add("mark");
                            send("savepoint s");
                        } else if (status == 'T') {
                            working = new HashSet<>(savepoints.peek());
                            toNotify.subList(toNotify.indexOf("mark") + 1, toNotify.size())
                                    .clear();
                            send("rollback to s");
                        } else {
                            working.add("n0");
                            working.add("n1");
                            send("listen n0; listen n1; select 1");
                        }
                    }
                    case 10 -> {
                        if (status == 'I') {
                            working.add(channel);
                            send("begin; listen " + channel + "; commit");
                        } else {
                            send("select 1/0");
                        }
                    }
                    default -> send(status == 'I' ? "listen " + channel + "; select 1/0" : "select 1");
                }
                toNotify.removeIf(notify -> notify.equals("mark") && status == 'I');
            }

            private void send(String sql) {
                request = sql;
                sent = now();
                begun = status == 'I' ? sent : begun;
                Fragmenter pieces = random.nextBoolean() ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
                client.send(
                        MessageText.encode(Direction.FROM_FRONTEND, "Query \"" + sql + "\""),
                        pieces,
                        random.nextBoolean());
            }

            void assertHeardEverything() {
                Moment end = now();
                since.forEach((channel, from) -> listened.add(new Listened(channel, from, end, false)));
                for (Notified one : notified) {
                    boolean due = listened.stream().anyMatch(stretch -> stretch.covers(one));
                    if (due) {
                        assertThat(heard)
                                .as("what %s heard (%s, %s)", name, one, listened)
                                .contains(one.channel() + " " + one.payload());
                    }
                }
            }
        }
    }
}
