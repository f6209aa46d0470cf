// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one node over and over what it is, on a connection of its own, so that a busy pool does not look like a dead node.
 *
 * <pre>
 *   PAUSED ──► CONNECTING ──► ASKING ──► PAUSED …
 *      └──────────(connection still open)──►┘
 * </pre>
 *
 * <p>The connection is replaced after {@link #CONNECTION_LIFETIME}, and at once when the node is suspected: only a new login tells that a node
 * takes logins, and a server that is told to stop when its last client leaves waits for this connection too. A probe has one deadline for
 * connecting and asking. What counts against the node:
 *
 * <ul>
 *   <li>a connection that broke is opened again at once; when that fails, the node is unreachable
 *   <li>a refused connection: unreachable at once, but for 53300 (too many connections), which says nothing of the node's health
 *   <li>silence until the deadline: unreachable after {@code failure_threshold} times in a row
 * </ul>
 *
 * <p>Confined to the monitor's event loop.
 */
final class NodeProbe {
    private static final Logger log = LoggerFactory.getLogger(NodeProbe.class);

    /** The least time between the beginnings of two probes, however urgent. */
    private static final Duration SPACING = Duration.ofMillis(50);

    /** How long a connection is used. */
    private static final Duration CONNECTION_LIFETIME = Duration.ofSeconds(10);

    /** What probes have shown. */
    enum Reach {
        /** No probe has ended yet. */
        UNKNOWN,
        /** It is alive, but has had no place for a probe since the first one: what it is is not known. */
        FULL,
        REACHABLE,
        UNREACHABLE
    }

    /** Hears of every probe that ended. */
    interface Listener {
        /** Something was learnt of the node, or it stopped answering. */
        void onProbed(NodeProbe probe);

        /** Returns the pause before the next probe, in nanoseconds. */
        long pauseNanos(NodeProbe probe);
    }

    private enum State {
        PAUSED,
        CONNECTING,
        ASKING,
        CLOSED
    }

    private final EventLoopClock clock;
    private final BackendConnector connector;
    private final HealthSettings settings;
    private final BackendTarget target;
    private final Listener listener;

    private State state = State.PAUSED;
    private @Nullable BackendConnection connection;
    private @Nullable Cancellable timer;
    /** Counts attempts, so that an answer to one given up is told from the present one. */
    private int attempt;

    private long startedNanos;
    private boolean reconnecting;
    /** The next probe shall use a connection of its own. */
    private boolean suspected;

    private Reach reach = Reach.UNKNOWN;
    private @Nullable Observation observation;
    private boolean everObserved;
    private int failuresInRow;
    private int successesInRow;
    private String lastFailure = "";

    NodeProbe(
            EventLoopClock clock,
            BackendConnector connector,
            HealthSettings settings,
            BackendTarget target,
            Listener listener) {
        this.clock = clock;
        this.connector = connector;
        this.settings = settings;
        this.target = target;
        this.listener = listener;
        this.startedNanos = clock.nanoTime() - SPACING.toNanos();
    }

    // what is known

    Reach reach() {
        return reach;
    }

    /** Returns the last answer; null until there is one and while the node is unreachable. */
    @Nullable
    Observation observation() {
        return observation;
    }

    /** Returns how many probes in a row were answered. */
    int successesInRow() {
        return successesInRow;
    }

    /** Returns true when the last probe was not answered. */
    boolean isFailing() {
        return failuresInRow > 0;
    }

    // probing

    /** Begins a probe at once. */
    void start() {
        probe();
    }

    /** Begins a probe on a new connection as soon as the spacing allows; when one is under way, another follows it. */
    void suspect() {
        suspected = true;
        if (state == State.PAUSED) {
            pause(0);
        }
    }

    private void probe() {
        startedNanos = clock.nanoTime();
        int thisAttempt = ++attempt;
        setTimer(settings.probeTimeout().toNanos(), () -> onDeadline(thisAttempt));
        BackendConnection open = connection;
        boolean usable = open != null
                && open.isOpen()
                && !suspected
                && startedNanos - open.openedNanos() < CONNECTION_LIFETIME.toNanos();
        suspected = false;
        if (open != null && usable) {
            ask(open, thisAttempt);
        } else {
            connect(thisAttempt);
        }
    }

    private void connect(int thisAttempt) {
        state = State.CONNECTING;
        connector.connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection backend) {
                if (attempt != thisAttempt || state != State.CONNECTING) {
                    backend.close("probe given up");
                    return;
                }
                closeConnection("replaced");
                connection = backend;
                ask(backend, thisAttempt);
            }

            @Override
            public void onFailed(RouterError error) {
                if (attempt == thisAttempt && state == State.CONNECTING) {
                    onRefused(error.response(), thisAttempt);
                }
            }
        });
    }

    private void closeConnection(String reason) {
        BackendConnection open = connection;
        connection = null;
        if (open != null) {
            open.close(reason);
        }
    }

    private void ask(BackendConnection backend, int thisAttempt) {
        state = State.ASKING;
        backend.query(Observation.QUERY, 1, settings.probeTimeout(), new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (attempt == thisAttempt && state == State.ASKING) {
                    onAnswer(backend, rows);
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                if (attempt == thisAttempt && state == State.ASKING) {
                    onQueryFailed(backend, error);
                }
            }
        });
    }

    private void onQueryFailed(BackendConnection backend, ErrorResponse error) {
        String why = words(error);
        if (backend.isOpen() && !error.isFatal()) {
            backend.becomeIdle(this::onIdleLost);
            fail(why, settings.failureThreshold());
        } else if (reconnecting) {
            fail(why, 1);
        } else {
            reconnect();
        }
    }

    /** Returns what a node said as it may be logged; the node is not trusted. */
    private static String words(ErrorResponse error) {
        return error.sqlState() + ": " + LogText.quoted(error.message());
    }

    private void onIdleLost(BackendConnection backend, RouterError cause) {
        if (state == State.PAUSED && connection == backend) {
            reconnect();
        }
    }

    /** The connection broke: one attempt to open another decides. */
    private void reconnect() {
        closeConnection("lost");
        reconnecting = true;
        probe();
    }

    private void onAnswer(BackendConnection backend, List<List<@Nullable String>> rows) {
        backend.becomeIdle(this::onIdleLost);
        Observation answer;
        try {
            answer = Observation.read(rows);
        } catch (IllegalArgumentException notAnAnswer) {
            String problem = LogText.quoted(String.valueOf(notAnAnswer.getMessage()));
            fail("probe not understood: " + problem, settings.failureThreshold());
            return;
        }
        observation = answer;
        everObserved = true;
        reach = Reach.REACHABLE;
        failuresInRow = 0;
        successesInRow++;
        end();
    }

    private void onRefused(ErrorResponse error, int thisAttempt) {
        if (!error.is(SqlState.TOO_MANY_CONNECTIONS)) {
            closeConnection("node refuses logins");
            fail(words(error), 1);
            return;
        }
        // alive and full: the former connection must do, and without one what was known stands
        BackendConnection former = connection;
        if (former != null && former.isOpen()) {
            ask(former, thisAttempt);
        } else {
            lastFailure = words(error);
            reach = everObserved ? reach : Reach.FULL;
            end();
        }
    }

    private void onDeadline(int ofAttempt) {
        if (attempt == ofAttempt) {
            state = State.PAUSED;
            closeConnection("probe timeout");
            fail("no answer within " + settings.probeTimeout().toMillis() + " ms", settings.failureThreshold());
        }
    }

    private void fail(String why, int threshold) {
        boolean news = reach != Reach.UNREACHABLE || !why.equals(lastFailure);
        failuresInRow++;
        successesInRow = 0;
        lastFailure = why;
        boolean alive = reach == Reach.REACHABLE || reach == Reach.FULL;
        if (reconnecting || !alive || failuresInRow >= threshold) {
            if (news) {
                log.atInfo()
                        .addKeyValue("cluster", target.cluster())
                        .addKeyValue("node", target.node())
                        .log("node does not answer: {}", why);
            }
            reach = Reach.UNREACHABLE;
            observation = null;
        }
        end();
    }

    private void end() {
        attempt++;
        state = State.PAUSED;
        reconnecting = false;
        listener.onProbed(this);
        if (state == State.PAUSED) {
            pause(suspected ? 0 : listener.pauseNanos(this));
        }
    }

    private void pause(long nanos) {
        long spacing = startedNanos + SPACING.toNanos() - clock.nanoTime();
        setTimer(Math.max(nanos, spacing), () -> {
            if (state == State.PAUSED) {
                probe();
            }
        });
    }

    private void setTimer(long delayNanos, Runnable task) {
        Cancellable former = timer;
        if (former != null) {
            former.cancel();
        }
        timer = clock.schedule(delayNanos, task);
    }

    /** Ends the probe and its connection. */
    void close() {
        state = State.CLOSED;
        attempt++;
        Cancellable pending = timer;
        if (pending != null) {
            pending.cancel();
        }
        closeConnection("node is no longer probed");
    }
}
