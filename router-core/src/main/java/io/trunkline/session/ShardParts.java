// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.decision.DecisionLog;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.relay.DirectRelay;
import io.trunkline.relay.Relay;
import io.trunkline.routing.ShardSet;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Joining;
import io.trunkline.twophase.TwoPhaseCommit;
import io.trunkline.twophase.TwoPhaseCommit.Participant;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a client's transaction on the shards that it has come to, but for the one that the session's relay leads to: each waits with the
 * transaction open.
 *
 * <p>Owns the relays of those parts, and the words by which another shard gets the transaction as the client has made it so far. Belongs to its
 * {@link ShardTransaction}; confined to the session's event loop.
 */
final class ShardParts {
    /** Commands that are said again to a shard that joins; a transaction with more stays where it is. */
    static final int COMMANDS_MAX = 1_000;

    /** A shard's part that waits. */
    record Part(int shard, Relay relay) {}

    /** Hears whether another shard has the transaction; not at all when the session has ended meanwhile. */
    interface Joined {
        /** It has, and this relay leads there. */
        void onJoined(Relay relay);

        /** It has not. */
        void onRefused(RouterError error);
    }

    private final Session session;
    private final Consumer<RouterError> onLost;
    private final List<Part> waiting = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    /** What the client began its transaction with; null while no other shard can join. */
    private byte @Nullable [] begin;
    /** The revision of the topology by which shards are counted. */
    private long revision;
    /** Who waits for a backend of another shard, or null. */
    private @Nullable Joined joining;
    /** Backends are at work for the transaction as a whole. */
    private boolean working;
    /** And nobody waits for what comes of it any more. */
    private boolean abandoned;

    /** Creates none; {@code onLost} hears when a part that waits is lost. */
    ShardParts(Session session, Consumer<RouterError> onLost) {
        this.session = session;
        this.onLost = onLost;
    }

    // the words of the transaction

    /** A transaction begins with these words. */
    void begun(byte @Nullable [] sql) {
        commands.clear();
        begin = sql;
        revision = session.view().revision();
    }

    /** Returns true while shards are counted as when the transaction began. */
    boolean isOfPresentTopology() {
        return revision == session.view().revision() && !session.isViewSuperseded();
    }

    /** A command about the transaction has completed; returns false when no other shard can join any more. */
    boolean completed(String command) {
        if (begin != null) {
            commands.add(command);
            if (commands.size() > COMMANDS_MAX) {
                begin = null;
                return false;
            }
        }
        return true;
    }

    /** No other shard can join any more. */
    void close() {
        begin = null;
    }

    /** Returns why no other shard can join, or null. */
    @Nullable
    RouterError joiningProblem() {
        if (!isOfPresentTopology()) {
            return ofAnotherTopology();
        }
        return begin == null || session.ties.isPinned()
                ? RouterErrors.onSeveralShards("a transaction with state of the session on its backend")
                : null;
    }

    private static RouterError ofAnotherTopology() {
        return RouterErrors.onSeveralShards("shards of another revision of the topology");
    }

    /** Returns true when a transaction was begun that other shards can join. */
    boolean isOpen() {
        return begin != null;
    }

    // the parts that wait

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Returns the nodes of all parts and of a relay, by their shards. */
    String nodesWith(int shard, Relay relay) {
        TreeMap<Integer, String> nodes = new TreeMap<>();
        nodes.put(shard, relay.backend().target().node());
        waiting.forEach(
                part -> nodes.put(part.shard(), part.relay().backend().target().node()));
        return String.join(",", nodes.values());
    }

    /** Returns the part of a shard, or null. */
    @Nullable
    Part of(int shard) {
        for (Part part : waiting) {
            if (part.shard() == shard) {
                return part;
            }
        }
        return null;
    }

    /** Returns any part. */
    @Nullable
    Part first() {
        return waiting.isEmpty() ? null : waiting.get(0);
    }

    /** Returns a part that has failed, or null. */
    @Nullable
    Part failed() {
        for (Part part : waiting) {
            if (part.relay().backend().status() == TransactionStatus.FAILED) {
                return part;
            }
        }
        return null;
    }

    /** The relay waits from now on. */
    void park(int shard, Relay relay) {
        Part part = new Part(shard, relay);
        waiting.add(part);
        relay.park(() -> lost(part));
    }

    private void lost(Part part) {
        waiting.remove(part);
        BackendConnection backend = part.relay().backend();
        session.worker.suspect(backend.target());
        onLost.accept(RouterErrors.transactionLost(backend.target().node()));
    }

    /** Takes a part out; its relay goes on. */
    Relay resume(Part part) {
        waiting.remove(part);
        part.relay().resume();
        return part.relay();
    }

    /** Takes a part out for another to use its backend. */
    void lend(Part part) {
        waiting.remove(part);
        part.relay().unpark();
    }

    /** A backend that was lent is gone. */
    void lentLost(Part part) {
        part.relay().discard("lost");
        onLost.accept(
                RouterErrors.transactionLost(part.relay().backend().target().node()));
    }

    // another shard

    /** Gives another shard the transaction as the client has made it so far. */
    void join(int shard, Joined joined) {
        joining = joined;
        ShardLeases leases = new ShardLeases(
                session,
                ShardSet.of(session.view().table().shardCount(), shard),
                session.placement.transactionPoolRole(),
                // What the transaction has set is said there within it.
                session.settings.committed(),
                new ShardLeases.Listener() {
                    @Override
                    public void onLeased(List<Lease> granted) {
                        joining = null;
                        if (isOfPresentTopology()) {
                            beginThere(granted.get(0), joined);
                            return;
                        }
                        giveBack(granted.get(0));
                        onRefused(ofAnotherTopology());
                    }

                    @Override
                    public void onRefused(RouterError error) {
                        joining = null;
                        if (isAwaited()) {
                            joined.onRefused(error);
                        }
                    }
                });
        session.become(new Joining(session.state().relay(), leases));
        leases.leaseNext();
    }

    /** Gives up the wait for a backend of another shard; returns false when none is waited for. */
    boolean cancelJoin(RouterError error) {
        Joined waiting = joining;
        boolean waits = waiting != null && session.state() instanceof Joining state && state.leases() != null;
        if (waiting == null || !waits) {
            return false;
        }
        joining = null;
        ((Joining) session.state()).withdraw();
        waiting.onRefused(error);
        return true;
    }

    private void beginThere(Lease lease, Joined joined) {
        BackendConnection backend = lease.backend();
        backend.query(words(), 1, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (!isOfPresentTopology()) {
                    giveBack(lease);
                    refused(ofAnotherTopology());
                } else if (!isAwaited() || backend.status() != TransactionStatus.IN_TRANSACTION) {
                    giveBack(lease);
                    refused(RouterErrors.onSeveralShards("a transaction that cannot be begun on another shard"));
                } else {
                    joined.onJoined(new DirectRelay(
                            lease, session.client, session, session.worker.connector(), session.worker.metrics()));
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                RouterError told = backend.isOpen()
                        ? new RouterError(RouterError.Kind.BACKEND, error)
                        : RouterErrors.transactionLost(backend.target().node());
                giveBack(lease);
                refused(told);
            }

            private void refused(RouterError error) {
                if (isAwaited()) {
                    joined.onRefused(error);
                }
            }
        });
    }

    /** Returns false once the session has ended, or its relay was lost: then nobody waits for another shard any more. */
    private boolean isAwaited() {
        return session.state() instanceof Joining;
    }

    private String words() {
        StringBuilder sql = new StringBuilder(new String(begin == null ? new byte[0] : begin, StandardCharsets.UTF_8));
        // The client's own words may end in a comment.
        String separator = sql.indexOf("--") < 0 ? "; " : "\n; ";
        for (String command : commands) {
            sql.append(separator).append(command);
        }
        return sql.toString();
    }

    private static void giveBack(Lease lease) {
        BackendConnection backend = lease.backend();
        if (!backend.isOpen()) {
            lease.discard("lost");
        } else if (backend.status() == TransactionStatus.IDLE) {
            lease.release();
        } else {
            lease.releaseAfterReset();
        }
    }

    // all of them

    /**
     * Asks something of all that wait but for one.
     *
     * @param except the shard that is not asked, or {@link Target#ANY_SHARD}
     * @param said hears the first error, or null, unless nobody waits for it any more
     */
    void askAll(
            int except,
            BiConsumer<BackendConnection, BackendConnection.QueryListener> question,
            Consumer<@Nullable RouterError> said) {
        List<Part> told =
                waiting.stream().filter(part -> part.shard() != except).toList();
        waiting.removeAll(told);
        begin();
        int[] open = {told.size()};
        RouterError[] problem = {null};
        for (Part part : told) {
            part.relay().unpark();
            question.accept(part.relay().backend(), new BackendConnection.QueryListener() {
                @Override
                public void onRows(List<List<@Nullable String>> rows) {
                    park(part.shard(), part.relay());
                    answered();
                }

                @Override
                public void onError(ErrorResponse error) {
                    if (part.relay().backend().isOpen()) {
                        park(part.shard(), part.relay());
                        problem[0] = new RouterError(RouterError.Kind.BACKEND, error);
                    } else {
                        lentLost(part);
                        problem[0] = RouterErrors.transactionLost(
                                part.relay().backend().target().node());
                    }
                    answered();
                }

                private void answered() {
                    if (--open[0] == 0 && end()) {
                        said.accept(problem[0]);
                    }
                }
            });
        }
    }

    /** Backends are about to work for the transaction as a whole: {@link #released} waits until {@link #end}. */
    void begin() {
        working = true;
    }

    /** They have worked; returns false when nobody waits for it any more. */
    boolean end() {
        working = false;
        if (abandoned) {
            released();
            return false;
        }
        return true;
    }

    /** Returns true while backends work for the transaction as a whole, and so are nobody's to close. */
    boolean isWorking() {
        return working;
    }

    /** Returns true when the session has let go of the transaction while they worked. */
    boolean isAbandoned() {
        return abandoned;
    }

    /** Commits the transaction on all shards, that of the relay among them, which must be lent. The listener hears after the parts were given back. */
    void commit(int shard, Relay relay, DecisionLog decisions, TwoPhaseCommit.Listener listener) {
        List<Part> ended = List.copyOf(waiting);
        waiting.clear();
        begin();
        List<Participant> participants = new ArrayList<>();
        participants.add(new Participant(shard, relay.backend()));
        for (Part part : ended) {
            part.relay().unpark();
            participants.add(new Participant(part.shard(), part.relay().backend()));
        }
        // What the transaction has set there is in a state that nobody followed.
        boolean reset = session.settings.isInFlux() || session.ties.isDirty();
        if (!reset) {
            ended.forEach(part -> part.relay().backend().noteSettings(session.settings.current()));
        }
        new TwoPhaseCommit(
                        session.worker.nextTransactionId(session.identity.cluster()),
                        participants,
                        decisions,
                        session.worker.metrics(),
                        session.worker::execute,
                        new TwoPhaseCommit.Listener() {
                            @Override
                            public void onCommitted() {
                                giveBackAll(ended, reset);
                                listener.onCommitted();
                            }

                            @Override
                            public void onAborted(ErrorResponse cause) {
                                giveBackAll(ended, reset);
                                listener.onAborted(cause);
                            }

                            @Override
                            public void onInDoubt(ErrorResponse cause) {
                                giveBackAll(ended, reset);
                                listener.onInDoubt(cause);
                            }
                        })
                .start();
    }

    private void giveBackAll(List<Part> ended, boolean reset) {
        begin = null;
        for (Part part : ended) {
            if (!part.relay().backend().isOpen()) {
                part.relay().discard("lost");
            } else if (reset) {
                part.relay().releaseAfterReset();
            } else {
                part.relay().release();
            }
        }
    }

    /** Rolls back the parts that wait. */
    void rollBack() {
        for (Part part : waiting) {
            part.relay().unpark();
            part.relay().releaseAfterReset();
        }
        waiting.clear();
        begin = null;
    }

    /** The transaction is over, or the session: whatever waits is rolled back, unless backends are at work; then as soon as they are not. */
    void released() {
        if (working) {
            abandoned = true;
            return;
        }
        abandoned = false;
        rollBack();
        commands.clear();
    }
}
