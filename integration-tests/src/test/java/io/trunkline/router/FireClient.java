// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.router.FireLedger.Fate;
import io.trunkline.router.FireLedger.Transfer;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One client that moves money between accounts of different shards, through either router, and notes what it was told. */
final class FireClient implements Runnable {
    private static final String IN_DOUBT = "08007";
    private static final int AMOUNT_MAX = 9;

    private final FireCluster cluster;
    private final FireLedger ledger;
    private final Map<String, AtomicLong> errors;
    private final Random random;
    private final boolean extended;
    private @Nullable WireClient connection;
    private volatile boolean stopped;
    private volatile @Nullable Throwable failure;

    /**
     * Creates one; it connects when it runs.
     *
     * @param errors counts the SQLSTATEs that were answered
     * @param extended whether statements go by Parse, Bind and Execute
     */
    FireClient(FireCluster cluster, FireLedger ledger, Map<String, AtomicLong> errors, long seed, boolean extended) {
        this.cluster = cluster;
        this.ledger = ledger;
        this.errors = errors;
        this.random = new Random(seed);
        this.extended = extended;
    }

    void stop() {
        stopped = true;
    }

    /** Returns what no kill explains, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                WireClient client = connected();
                if (client == null) {
                    Thread.sleep(50);
                    continue;
                }
                Transfer transfer = ledger.begin(amounts());
                ledger.end(transfer, move(client, transfer));
            }
        } catch (InterruptedException | RuntimeException | AssertionError e) {
            failure = e;
        }
        disconnect();
    }

    private @Nullable WireClient connected() {
        if (connection == null) {
            try {
                connection = cluster.connect(random.nextInt(FireCluster.ROUTERS));
            } catch (UncheckedIOException away) {
                return null;
            }
        }
        return connection;
    }

    private void disconnect() {
        if (connection != null) {
            connection.abort();
            connection = null;
        }
    }

    /** Draws accounts of two shards, or of three. */
    private SortedMap<Long, Integer> amounts() {
        int first = random.nextInt(FireCluster.SHARDS);
        int amount = 1 + random.nextInt(AMOUNT_MAX);
        SortedMap<Long, Integer> amounts = new TreeMap<>();
        amounts.put(cluster.account(first, random.nextInt()), -2 * amount);
        if (random.nextInt(3) == 0) {
            amounts.put(cluster.account((first + 1) % FireCluster.SHARDS, random.nextInt()), amount);
            amounts.put(cluster.account((first + 2) % FireCluster.SHARDS, random.nextInt()), amount);
        } else {
            amounts.put(cluster.account((first + 1) % FireCluster.SHARDS, random.nextInt()), 2 * amount);
        }
        return amounts;
    }

    private Fate move(WireClient client, Transfer transfer) {
        return switch (random.nextInt(5)) {
            case 0 -> inOneStatement(client, FireStatements.update(transfer));
            case 1 -> inOneStatement(client, FireStatements.insert(transfer));
            case 2 -> inBlock(client, transfer, true);
            default -> inBlock(client, transfer, false);
        };
    }

    private Fate inOneStatement(WireClient client, String sql) {
        try {
            return fate(say(client, sql), false);
        } catch (UncheckedIOException lost) {
            lost(lost);
            return Fate.UNKNOWN;
        }
    }

    /** With savepoints, an error behind the savepoint is followed by an attempt to go back to it and to go on. */
    private Fate inBlock(WireClient client, Transfer transfer, boolean savepoints) {
        boolean committing = false;
        try {
            boolean fine = isFine(say(client, "begin"));
            List<String> statements = FireStatements.each(transfer);
            int halves = statements.size() / transfer.amounts().size();
            fine = fine && all(client, statements.subList(0, halves));
            if (savepoints && fine) {
                fine = isFine(say(client, "savepoint half"));
                if (fine && random.nextBoolean()) {
                    fine = all(client, statements.subList(halves, statements.size()))
                            && isFine(say(client, "rollback to half"));
                }
            }
            List<String> rest = statements.subList(halves, statements.size());
            boolean done = fine && all(client, rest);
            if (!done && savepoints) {
                done = isFine(say(client, "rollback to half")) && all(client, rest);
            }
            if (!done) {
                rollBack(client);
                return Fate.FAILED;
            }
            committing = true;
            return fate(say(client, "commit"), true);
        } catch (UncheckedIOException lost) {
            lost(lost);
            return committing ? Fate.UNKNOWN : Fate.FAILED;
        }
    }

    private boolean all(WireClient client, List<String> statements) {
        for (String sql : statements) {
            if (!isFine(say(client, sql))) {
                return false;
            }
        }
        return true;
    }

    /** A shard's loss may be told to the first ROLLBACK; the second one then ends the transaction. */
    private void rollBack(WireClient client) {
        for (int attempt = 0; attempt < 2; attempt++) {
            List<ServerMessage> answer = say(client, "rollback");
            if (answer.get(answer.size() - 1).status() == 'I') {
                return;
            }
        }
        throw new AssertionError("ROLLBACK did not end the transaction");
    }

    private List<ServerMessage> say(WireClient client, String sql) {
        List<ServerMessage> answer = extended
                ? client.send(
                                ClientMessage.parse("", sql),
                                ClientMessage.bind("", ""),
                                ClientMessage.execute("", 0),
                                ClientMessage.sync())
                        .receiveUntilReady()
                : client.query(sql);
        String state = error(answer);
        if (state != null) {
            errors.computeIfAbsent(state, none -> new AtomicLong()).incrementAndGet();
        }
        return answer;
    }

    static boolean isFine(List<ServerMessage> answer) {
        return error(answer) == null;
    }

    private static @Nullable String error(List<ServerMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'E')
                .map(ServerMessage::sqlState)
                .findFirst()
                .orElse(null);
    }

    /** Returns what the answer says of the transfer. */
    static Fate fate(List<ServerMessage> answer, boolean ofCommit) {
        String state = error(answer);
        if (state != null) {
            return state.equals(IN_DOUBT) ? Fate.UNKNOWN : Fate.FAILED;
        }
        String tag = answer.stream()
                .filter(message -> message.type() == 'C')
                .map(ServerMessage::toString)
                .findFirst()
                .orElseThrow();
        boolean committed = !ofCommit || tag.equals("CommandComplete COMMIT");
        return committed ? Fate.ACKNOWLEDGED : Fate.FAILED;
    }

    private void lost(UncheckedIOException loss) {
        if (loss.getCause() instanceof SocketTimeoutException) {
            // Whoever dies, nobody is left waiting.
            throw loss;
        }
        disconnect();
    }
}
