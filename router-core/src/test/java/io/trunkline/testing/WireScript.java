// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.CancelEnd;
import io.trunkline.metrics.DryRunMetrics.PlannedStatement;
import io.trunkline.metrics.DryRunMetrics.PlannedTransaction;
import io.trunkline.pool.PoolSettings;
import io.trunkline.session.DryRunReport;
import io.trunkline.session.SessionLimits;
import io.trunkline.session.SessionTimeouts;
import io.trunkline.wire.MessageScanner.Direction;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One conversation between clients, the router and backends, as text.
 *
 * <pre>
 *   == Title                       begins a script; lines of # are its comment
 *   # case E12 X03                 right below: the cases of the catalogue whose required behaviour it shows, as {@link Case} says
 *   router shards=2 pool=1         what the router is like: shards, pool, replicas, session, no-hints, decides (it may commit on several shards), inspected, message, kept, statements, wait (seconds)
 *                                  timeouts (seconds): query, stall, transaction, idle-in-transaction, idle, cancel
 *                                  channels (of a session; with it at most 4 notifications wait, of 100 bytes)
 *   a sends 9 of Query "select 1"  only the beginning of a message; what arrives of it is "a message cut"
 *   a > Query "select 1"           client a sends; it connects when it is first named, or by "a connects TimeZone=UTC"
 *   s1 < Query "select 1"          the first backend ever opened has received this next; "nothing" for no more
 *   s1 > ReadyForQuery I           it sends
 *   a < ReadyForQuery I            the client has received this next
 *   a closes · a is closed         its connection ends, or the router ended it
 *   a cancels · s1 is cancelled    a cancel request; by which backend it reached
 *   router dry-run                 one shard that decides as two, x and y
 *   counts statements one_shard=1  all that the dry run has decided so far; also "counts transactions"
 *   router whole-reads             what it shows depends on a line coming with one read of the socket
 *   router holds-cancels           cancel requests stay on their way until a line such as "s1 hears cancels", or
 *                                  until "s1 overlooks cancels": nobody knows whether they still come
 *   s1 dies · s1 is closed · s1 at node-b
 *   s1 stops reading · s1 reads    its socket is full, or not
 *   a stops reading · a reads
 *   pass 30                        seconds go by
 *   publish                        the topology's next revision
 *   primary replica-a              that node is the primary of its shard now
 *   down node-a · up node-a
 * </pre>
 *
 * <p>At the end every message must have been expected. Messages are written as {@link MessageText} says.
 */
public final class WireScript {
    /** The resources below {@code /wire}, without their ending. */
    public static final List<String> FILES = List.of(
            "simple",
            "extended",
            "prepare",
            "transactions",
            "copy",
            "settings",
            "pins",
            "listen",
            "losses",
            "cancels",
            "timeouts",
            "limits",
            "own",
            "sharded",
            "scatter",
            "crossing",
            "spreadcopy",
            "dryrun");

    private static final String CASE = "# case ";

    private final String title;
    private final List<String> cases = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final int firstLine;

    private WireScript(String title, int firstLine) {
        this.title = title;
        this.firstLine = firstLine;
    }

    /** Reads the scripts of one of the {@link #FILES}. */
    public static List<WireScript> read(String file) {
        String resource = "/wire/" + file + ".wire";
        List<WireScript> scripts = new ArrayList<>();
        try (InputStream in = WireScript.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + resource);
            }
            List<String> all = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            for (int i = 0; i < all.size(); i++) {
                String line = all.get(i).strip();
                if (line.startsWith("== ")) {
                    scripts.add(new WireScript(line.substring(3), i + 2));
                } else if (!scripts.isEmpty()) {
                    scripts.get(scripts.size() - 1).add(line);
                }
            }
            return scripts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String line) {
        if (line.startsWith(CASE)) {
            cases.addAll(List.of(line.substring(CASE.length()).split(" ")));
        }
        lines.add(line.startsWith("#") ? "" : line);
    }

    /** Returns what the script shows. */
    public String title() {
        return title;
    }

    /** Returns the numbers of the cases it is marked with. */
    public List<String> cases() {
        return List.copyOf(cases);
    }

    /** Returns the length of the longest line of messages, in bytes. */
    public int longestBytes() {
        int longest = 0;
        for (String line : lines) {
            int arrow = line.indexOf(" > ");
            if (arrow > 0) {
                Direction direction = direction(line.substring(0, arrow));
                longest = Math.max(longest, MessageText.encode(direction, line.substring(arrow + 3)).length);
            }
        }
        return longest;
    }

    /**
     * Plays the script.
     *
     * @param cutting how a line of so many bytes is cut
     * @param inOneRead whether the pieces of a line belong to one read of the socket
     */
    public void play(IntFunction<Fragmenter> cutting, boolean inOneRead) {
        play(cutting, inOneRead, false);
    }

    /** Returns true when nothing in it is otherwise where the one shard has a dry run. */
    public boolean isSameInDryRun() {
        return lines.stream()
                .noneMatch(line -> line.startsWith("router") && line.matches(".*(shards=|dry-run).*")
                        || line.contains("trunkline.route"));
    }

    /** Plays a script of one shard with a dry run beside it. */
    public void playInDryRun(IntFunction<Fragmenter> cutting) {
        play(cutting, true, true);
    }

    private void play(IntFunction<Fragmenter> cutting, boolean inOneRead, boolean inDryRun) {
        try (Run run = new Run(cutting, inOneRead || isOfWholeReads(), inDryRun)) {
            for (int i = 0; i < lines.size(); i++) {
                try {
                    run.step(lines.get(i));
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(
                            "line " + (firstLine + i) + ", " + run.pieces + ": " + lines.get(i) + "\n" + e, e);
                }
            }
            run.expectNoMore();
        }
    }

    private boolean isOfWholeReads() {
        return lines.stream().anyMatch(line -> line.startsWith("router") && line.contains(" whole-reads"));
    }

    private static Direction direction(String who) {
        return who.matches("s\\d+") ? Direction.FROM_BACKEND : Direction.FROM_FRONTEND;
    }

    @Override
    public String toString() {
        return title;
    }

    /** One play of the script. */
    private final class Run implements AutoCloseable {
        private final IntFunction<Fragmenter> cutting;
        private final boolean inOneRead;
        private final boolean inDryRun;
        private boolean holdsCancels;
        private final TestRouter router;
        private final Map<String, TestClient> clients = new LinkedHashMap<>();
        private final Map<String, byte[]> pending = new HashMap<>();
        private final List<String> cancelled = new ArrayList<>();
        private Fragmenter pieces = Fragmenter.whole();

        Run(IntFunction<Fragmenter> cutting, boolean inOneRead, boolean inDryRun) {
            this.cutting = cutting;
            this.inOneRead = inOneRead;
            this.inDryRun = inDryRun;
            TestRouter.Plan plan = plan();
            this.router = (inDryRun ? plan.dryRun() : plan).start();
            if (holdsCancels) {
                router.holdCancels();
            }
        }

        private TestRouter.Plan plan() {
            TestRouter.Plan plan = new TestRouter.Plan();
            PoolSettings.Builder pools = PoolSettings.builder().size(2);
            Map<String, Long> timeouts = new HashMap<>(Map.of("cancel", 5_000_000_000L));
            for (String line : lines) {
                if (!line.startsWith("router")) {
                    continue;
                }
                for (String word : line.substring("router".length()).strip().split("\\s+")) {
                    String value = word.substring(word.indexOf('=') + 1);
                    switch (word.substring(0, Math.max(word.indexOf('='), 0))) {
                        case "" -> {
                            if (word.equals("replicas")) {
                                plan.replicas();
                            } else if (word.equals("dry-run")) {
                                plan.dryRun();
                            } else if (word.equals("no-hints")) {
                                plan.noHints();
                            } else if (word.equals("decides")) {
                                plan.decisions(new MemoryDecisions());
                            } else if (word.equals("holds-cancels")) {
                                holdsCancels = true;
                            } else if (word.equals("whole-reads")) {
                                assertThat(isOfWholeReads()).isTrue();
                            } else {
                                plan.sessionMode();
                            }
                        }
                        case "shards" -> plan.shards(Integer.parseInt(value));
                        case "pool" -> pools.size(Integer.parseInt(value));
                        case "wait" -> pools.leaseWaitTimeout(Duration.ofSeconds(Long.parseLong(value)));
                        case "waiters" -> pools.maxWaiters(Integer.parseInt(value));
                        case "inspected" -> plan.limits(limits(Integer.parseInt(value), 1L << 30, 1 << 20));
                        case "message" -> plan.limits(limits(1 << 20, Long.parseLong(value), 1 << 20));
                        case "kept" -> plan.limits(limits(1 << 20, 1L << 30, Long.parseLong(value)));
                        case "channels" -> plan.listening(new SessionLimits.Listening(Integer.parseInt(value), 4, 100));
                        case "statements" -> plan.backendLimits(backendLimits(100, Integer.parseInt(value)));
                        case "replies" -> plan.backendLimits(backendLimits(Integer.parseInt(value), 100));
                        case "query", "stall", "transaction", "idle-in-transaction", "idle", "cancel" ->
                            timeouts.put(word.substring(0, word.indexOf('=')), Long.parseLong(value) * 1_000_000_000L);
                        default -> throw new IllegalArgumentException("unknown word " + word);
                    }
                }
            }
            plan.timeouts(new SessionTimeouts(
                    timeouts.getOrDefault("query", 0L),
                    timeouts.getOrDefault("stall", 0L),
                    timeouts.getOrDefault("transaction", 0L),
                    timeouts.getOrDefault("idle-in-transaction", 0L),
                    timeouts.getOrDefault("idle", 0L),
                    timeouts.getOrDefault("cancel", 0L)));
            return plan.pools(pools.build());
        }

        private static BackendLimits backendLimits(int expectedRepliesMax, int statementsMax) {
            return new BackendLimits(
                    1024 * 1024, expectedRepliesMax, statementsMax, BackendLimits.DEFAULT.ownStatement());
        }

        private static SessionLimits limits(int inspectedBytes, long messageBytes, long keptBytes) {
            return new SessionLimits(
                    inspectedBytes,
                    messageBytes,
                    1024 * 1024,
                    100,
                    keptBytes,
                    0,
                    100_000,
                    SessionLimits.Listening.DEFAULT,
                    SessionLimits.Merging.DEFAULT);
        }

        void step(String line) {
            if (line.isEmpty() || line.startsWith("router")) {
                return;
            }
            String[] words = line.split("\\s+", 3);
            switch (words[0]) {
                case "pass" -> router.time().advance(Duration.ofSeconds(Long.parseLong(words[1])));
                case "publish" -> router.publish();
                case "counts" -> assertThat(counts(words[1])).isEqualTo(words.length < 3 ? "" : words[2]);
                case "primary" -> router.status(words[1].charAt(words[1].length() - 1) - 'a', words[1]);
                case "down" -> router.setDown(words[1], true);
                case "up" -> router.setDown(words[1], false);
                default -> stepOf(words[0], words[1], words.length < 3 ? "" : words[2]);
            }
            router.settle();
            if (inDryRun) {
                // Time stands still while trees are read.
                router.awaitTrees();
            }
        }

        private String counts(String what) {
            DryRunReport report = router.report();
            Stream<String> counts = what.equals("statements")
                    ? Stream.of(PlannedStatement.values()).map(one -> count(one, report.count(one)))
                    : Stream.of(PlannedTransaction.values()).map(one -> count(one, report.transactions(one)));
            return counts.filter(count -> !count.endsWith("=0")).collect(Collectors.joining(" "));
        }

        private static String count(Enum<?> outcome, long count) {
            return outcome.name().toLowerCase(Locale.ROOT) + "=" + count;
        }

        private void stepOf(String who, String verb, String rest) {
            switch (verb) {
                case ">" -> send(who, MessageText.encode(direction(who), rest));
                case "<" -> expect(who, rest);
                case "sends" -> sendBeginning(who, rest);
                case "continues" -> sendRest(who, rest);
                case "connects" -> connect(who, rest);
                case "is" -> state(who, rest);
                case "at" ->
                    assertThat(backend(who).connection().target().node()).isEqualTo(rest);
                case "closes" -> clients.get(who).vanish();
                case "cancels" -> clients.get(who).session().cancel(() -> {});
                case "hears" -> router.endCancels(CancelEnd.DELIVERED);
                case "overlooks" -> router.endCancels(CancelEnd.UNCONFIRMED);
                case "dies" -> backend(who).die();
                case "stops" -> setWritable(who, false);
                case "reads" -> setWritable(who, true);
                default -> throw new IllegalArgumentException("unknown verb " + verb);
            }
        }

        private void setWritable(String who, boolean writable) {
            if (direction(who) == Direction.FROM_BACKEND) {
                backend(who).setWritable(writable);
            } else {
                client(who).setWritable(writable);
            }
        }

        private void state(String who, String expected) {
            switch (expected) {
                case "closed" -> {
                    boolean closed = direction(who) == Direction.FROM_BACKEND
                            ? !backend(who).isOpen()
                            : client(who).isClosed();
                    assertThat(closed).as("%s is closed", who).isTrue();
                }
                case "open" -> {
                    boolean open = direction(who) == Direction.FROM_BACKEND
                            ? backend(who).isOpen()
                            : !client(who).isClosed();
                    assertThat(open).as("%s is open", who).isTrue();
                }
                case "cancelled" -> {
                    cancelled.addAll(router.takeCancels());
                    assertThat(cancelled.remove(who)).as("%s is cancelled", who).isTrue();
                }
                case "free" ->
                    assertThat(backend(who).connection().releaseViolation()).isNull();
                default -> throw new IllegalArgumentException("unknown state " + expected);
            }
        }

        private void connect(String who, String settings) {
            Map<String, String> parameters = new LinkedHashMap<>();
            for (String setting : settings.split("\\s+")) {
                if (!setting.isEmpty()) {
                    parameters.put(
                            setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
                }
            }
            clients.put(who, router.connect(parameters));
        }

        private TestClient client(String who) {
            if (!clients.containsKey(who)) {
                connect(who, "");
                greeted(clients.get(who));
            }
            return clients.get(who);
        }

        private void greeted(TestClient client) {
            List<String> greeting = MessageText.decode(Direction.FROM_BACKEND, client.takeReceived());
            assertThat(greeting).last().isEqualTo("ReadyForQuery I");
        }

        private ScriptedBackend backend(String who) {
            int number = Integer.parseInt(who.substring(1));
            while (router.backends().size() < number && router.awaitAnalyzer()) {
                // The tree of a statement decides which shard it opens a backend of.
            }
            assertThat(router.backends()).as("backends opened").hasSizeGreaterThanOrEqualTo(number);
            return router.backends().get(number - 1);
        }

        private void send(String who, byte[] bytes) {
            pieces = cutting.apply(bytes.length);
            if (direction(who) == Direction.FROM_BACKEND) {
                backend(who).send(bytes, pieces, inOneRead);
            } else {
                client(who).send(bytes, pieces, inOneRead);
            }
        }

        /** Sends so many bytes of a message. */
        private void sendBeginning(String who, String text) {
            String[] words = text.split("\\s+", 3);
            byte[] message = MessageText.encode(direction(who), words[2]);
            send(who, Arrays.copyOf(message, Integer.parseInt(words[0])));
        }

        /** Sends a message but for so many bytes at its beginning. */
        private void sendRest(String who, String text) {
            String[] words = text.split("\\s+", 3);
            byte[] message = MessageText.encode(direction(who), words[2]);
            send(who, Arrays.copyOfRange(message, Integer.parseInt(words[0]), message.length));
        }

        private void expect(String who, String line) {
            Direction from =
                    direction(who) == Direction.FROM_BACKEND ? Direction.FROM_FRONTEND : Direction.FROM_BACKEND;
            if (line.equals("nothing")) {
                assertThat(messages(who, from)).as("messages to %s", who).isEmpty();
                return;
            }
            if (line.equals("greeting")) {
                greeted(client(who));
                return;
            }
            List<String> actual = messages(who, from);
            if (line.equals("a message cut")) {
                assertThat(actual).singleElement().asString().startsWith(line);
                pending.put(who, new byte[0]);
                return;
            }
            List<String> expected = MessageText.split(line);
            while (actual.size() < expected.size() && router.awaitAnalyzer()) {
                actual = messages(who, from);
            }
            for (int i = 0; i < expected.size(); i++) {
                boolean same = i < actual.size() && MessageText.matches(from, expected.get(i), actual.get(i));
                if (!same) {
                    fail("expected to " + who + ": " + expected + "\n  was: " + actual);
                }
            }
            keepBeyond(who, expected.size());
        }

        private List<String> messages(String who, Direction from) {
            byte[] fresh = direction(who) == Direction.FROM_BACKEND
                    ? backend(who).takeReceived()
                    : client(who).takeReceived();
            pending.merge(who, fresh, Inbound::concatenate);
            return MessageText.decode(from, pending.get(who));
        }

        private void keepBeyond(String who, int count) {
            byte[] bytes = pending.get(who);
            int at = 0;
            for (int i = 0; i < count; i++) {
                at += 1 + ByteBuffer.wrap(bytes).getInt(at + 1);
            }
            pending.put(who, Arrays.copyOfRange(bytes, at, bytes.length));
        }

        void expectNoMore() {
            for (String client : clients.keySet()) {
                assertThat(messages(client, Direction.FROM_BACKEND))
                        .as("messages to %s that the script did not expect", client)
                        .isEmpty();
            }
            for (int i = 1; i <= router.backends().size(); i++) {
                List<String> rest = new ArrayList<>(messages("s" + i, Direction.FROM_FRONTEND));
                rest.remove("Terminate");
                assertThat(rest)
                        .as("messages to s%d that the script did not expect", i)
                        .isEmpty();
            }
        }

        @Override
        public void close() {
            router.close();
        }
    }
}
