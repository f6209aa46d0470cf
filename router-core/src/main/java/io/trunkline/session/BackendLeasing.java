// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.SequenceValues;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.relay.DirectRelay;
import io.trunkline.relay.Relay;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.session.SessionState.Holding;
import io.trunkline.session.SessionState.Idle;
import io.trunkline.session.SessionState.Leasing;
import io.trunkline.session.SessionState.Running;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one session gets a backend for its batch and gives it back: asked of the pool, given the session's settings, attached, released.
 *
 * <p>Keeps nothing itself: what is asked or held is in the session's state. Belongs to its {@link Session}; confined to the session's event
 * loop.
 */
final class BackendLeasing implements LeaseRequest {
    private final Session session;
    private final Worker worker;
    private final SessionInput input;
    private final RequestGathering gathering;
    private final RequestSender sender;

    BackendLeasing(Session session, SessionInput input, RequestGathering gathering, RequestSender sender) {
        this.session = session;
        this.worker = session.worker;
        this.input = input;
        this.gathering = gathering;
        this.sender = sender;
    }

    /** Asks for a backend; the pool answers at once or later. */
    void lease(Target.At at) {
        ShardPool pool = session.placement.pool();
        session.become(new Leasing(pool, this));
        pool.lease(Placement.poolRole(at), this);
    }

    @Override
    public Settings settings() {
        return session.settings.current();
    }

    @Override
    public @Nullable SequenceValues sequences() {
        return gathering.wantedSequences();
    }

    @Override
    public String user() {
        return session.identity.user();
    }

    @Override
    public void onLeased(Lease lease) {
        if (!(session.state() instanceof Leasing waiting)) {
            lease.release();
            return;
        }
        Settings carried = lease.backend().settings();
        Settings wanted = session.settings.current();
        String commands = SessionSettings.difference(carried, wanted);
        if (commands.isEmpty()) {
            attach(lease, null);
        } else if (SessionSettings.isNameOnly(carried, wanted) && SettingsReplay.isRead(lease.backend(), commands)) {
            attach(lease, commands);
        } else {
            replaySettings(lease, commands, waiting);
        }
    }

    @Override
    public void onRefused(RouterError error) {
        if (session.state() instanceof Leasing) {
            worker.metrics().error(error);
            gathering.refuse(error.response());
        }
    }

    private void replaySettings(Lease lease, String commands, Leasing waiting) {
        BackendConnection backend = lease.backend();
        Settings wanted = session.settings.current();
        long begun = worker.clock().nanoTime();
        // A cancel may end this wait, and the session wait for another backend by the time this one answers.
        SettingsReplay.run(backend, commands, wanted, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (session.state() == waiting) {
                    attach(lease, null);
                } else {
                    lease.release();
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                if (!backend.isOpen() && isSoonAfter(begun)) {
                    leaseAgain(lease, waiting);
                    return;
                }
                // The statement must not run under settings that are not the session's. The backend took
                // all of them or none.
                lease.release();
                if (session.state() == waiting) {
                    RouterError refused =
                            RouterErrors.settingsRefused(backend.target().node(), error);
                    worker.metrics().error(refused);
                    gathering.refuse(refused.response());
                }
            }
        });
    }

    /** Returns false when a node has been waited for long: the client hears of it, instead of waiting for the next one as long. */
    private boolean isSoonAfter(long begunNanos) {
        return worker.clock().nanoTime() - begunNanos < SentBatch.SHUTDOWN_MAX.toNanos();
    }

    /** The backend was lost before anything of the batch had been sent: it goes to another one. */
    private void leaseAgain(Lease lease, Leasing waiting) {
        String node = lease.backend().target().node();
        lease.discard("lost");
        worker.suspect(lease.backend().target());
        if (session.state() == waiting && !gathering.dispatchUnsent()) {
            onRefused(RouterErrors.transactionLost(node));
        }
    }

    /**
     * Sends the batch to the backend.
     *
     * @param name commands that give it the session's application_name, or null when it carries all of the settings
     */
    private void attach(Lease lease, @Nullable String name) {
        if (!gathering.isInPlace()) {
            lease.release();
            Target.Refused refused = moved(session);
            worker.metrics().refused(refused.code());
            gathering.refuse(refused.error().response());
            return;
        }
        Relay relay = new DirectRelay(lease, session.client, session, worker.connector(), worker.metrics());
        session.placement.placed(lease);
        session.channels.attached(lease.backend());
        session.become(new Running(relay));
        if (name == null) {
            session.parameters.tellAll(relay.backend().reported());
        } else {
            sendName(relay, name);
        }
        send(relay, gathering.take());
        if (!input.isScanning()) {
            // What was answered here need not wait for the backend: a Flush has no answer of its own.
            session.onReadComplete();
            input.resume();
        }
    }

    /** Returns the refusal of what waited while its rows may have gone elsewhere. */
    static Target.Refused moved(Session session) {
        return RouteRefusal.TOPOLOGY_CHANGED.because(
                "the present revision is " + session.view().revision());
    }

    /** Sends a batch that has been sent before and had no effect. */
    void sendAgain(Relay relay, RequestBatch batch) {
        session.sent.released();
        session.sequences.doubt(relay.backend());
        send(relay, batch);
        relay.flush();
    }

    private void send(Relay relay, RequestBatch batch) {
        session.sentBatch.renewRetired(batch);
        sender.send(relay, batch);
        session.sentBatch.keep(batch);
    }

    /**
     * Gives the backend the session's application_name ahead of the batch, without waiting: any text is taken for a name, and no answer depends on
     * it. If a late cancel hits this, the statements behind it run under another's name, and it is sent again before the next ones.
     */
    private void sendName(Relay relay, String commands) {
        BackendConnection backend = relay.backend();
        Settings before = backend.settings();
        backend.noteSettings(session.settings.current());
        relay.ignoredQuery(commands.getBytes(StandardCharsets.UTF_8), new ReplyEffect() {
            @Override
            public void onConfirmed() {
                // What the backend reported until now was another session's name.
                session.parameters.tellAll(backend.reported());
            }

            @Override
            public void onUndone() {
                backend.noteSettings(before);
            }
        });
    }

    @Override
    public void onRetiring(Lease lease) {
        // In a transaction the boundary comes first.
        if (session.state() instanceof Holding holding
                && holding.relay().backend() == lease.backend()
                && holding.relay().isQuiet()
                && lease.backend().status() == TransactionStatus.IDLE) {
            release(holding.relay());
            session.client.flush();
        }
    }

    /** Ends the lease at a transaction boundary. */
    void release(Relay relay) {
        if (session.ties.hasState()) {
            // Its node is no longer what it was leased for, and what the session keeps there cannot move: the client
            // must know.
            String node = relay.backend().target().node();
            relay.discard("role lost");
            session.closeAfterLoss(RouterErrors.sessionStateLost(node));
            return;
        }
        session.become(Idle.INSTANCE);
        session.released();
        if (session.ties.takeDirt() || session.ties.isPinned()) {
            relay.releaseAfterReset();
        } else {
            relay.release();
        }
    }

    /** The client is gone: gives the backend back in a state that the next session can use. */
    void abandon(Relay relay) {
        if (!relay.isQuiet() || sender.isMidRequest()) {
            // Closing the connection alone would not stop a running statement.
            relay.cancel();
            relay.discard("client disconnected");
        } else {
            relay.releaseAfterReset();
        }
    }
}
