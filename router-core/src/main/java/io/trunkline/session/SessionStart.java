// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.frontend.Greeting;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.pool.Lease;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.relay.ClientLink;
import io.trunkline.routing.RoutingTable;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The short time between a client's authentication and its first ReadyForQuery.
 *
 * <p>A client is greeted with the parameters a server would report to it. For startup settings not seen before a backend is leased and given
 * those settings: so a wrong value fails here with the server's own error, as it does without a router. Settings of the router are refused as SET
 * refuses them. Confined to the worker's event loop.
 */
public final class SessionStart implements LeaseRequest {

    /** Hears how the start ended; called once. */
    public interface Listener {
        /** The client was greeted; its bytes go to the session from now on. */
        void onStarted(Session session);

        /** The client was sent an error; its connection is to be closed, and its login counted. */
        void onRefused(LoginOutcome outcome);
    }

    private final Worker worker;
    private final ClientLink client;
    private final SessionIdentity identity;
    private final Settings startup;
    /** Settings of the router, of which backends are not told. */
    private final Map<String, String> routerSettings = new TreeMap<>();

    private final int secretBytes;
    private final Listener listener;
    private @Nullable ShardPool pool;
    private boolean over;

    /**
     * Prepares a start.
     *
     * @param settings the startup packet's configuration parameters, as {@code set_config} takes them
     * @param secretBytes length of the cancel key's secret: 4 in protocol 3.0, 32 in 3.2
     */
    public SessionStart(
            Worker worker,
            ClientLink client,
            SessionIdentity identity,
            Map<String, String> settings,
            int secretBytes,
            Listener listener) {
        this.worker = worker;
        this.client = client;
        this.identity = identity;
        this.secretBytes = secretBytes;
        this.listener = listener;
        Map<String, String> commands = new TreeMap<>();
        settings.forEach((name, value) -> {
            if (RouterCommand.isRouterName(name)) {
                routerSettings.put(name, value);
            } else {
                commands.put(name, SessionSettings.startupCommand(name, value));
            }
        });
        this.startup = Settings.of(commands);
    }

    /** Greets the client, at once or when a backend has been asked. */
    public void begin() {
        if (!worker.knows(identity.cluster())) {
            refuse(RouterErrors.noTopology(identity.cluster()), LoginOutcome.UNAVAILABLE);
            return;
        }
        RouterError problem = problem();
        if (problem != null) {
            refuse(problem, identity.mayGiveHints() ? LoginOutcome.MALFORMED : LoginOutcome.REJECTED);
            return;
        }
        ReportedParameters known = worker.welcomes().find(identity, startup);
        if (known != null) {
            greet(known);
            return;
        }
        pool = worker.pool(worker.currentView(identity.cluster()).get(), identity, 0);
        pool.lease(ShardPool.Role.PREFER_REPLICA, this);
    }

    private @Nullable RouterError problem() {
        RoutingTable table = worker.currentView(identity.cluster()).get().table();
        for (Map.Entry<String, String> setting : routerSettings.entrySet()) {
            RouterError problem = RouterCommand.problem(identity, table, setting.getKey(), setting.getValue());
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    /** The client left before it was greeted. */
    public void abandon() {
        if (!over) {
            withdraw();
        }
    }

    /** The client has waited for its greeting as long as it may, and is told so. */
    public void expire(RouterError reason) {
        if (!over) {
            withdraw();
            refuse(reason, LoginOutcome.TIMED_OUT);
        }
    }

    private void withdraw() {
        over = true;
        if (pool != null) {
            pool.withdraw(this);
        }
    }

    @Override
    public Settings settings() {
        return startup;
    }

    @Override
    public String user() {
        return identity.user();
    }

    @Override
    public void onLeased(Lease lease) {
        BackendConnection backend = lease.backend();
        String commands = SessionSettings.difference(backend.settings(), startup);
        if (over || commands.isEmpty()) {
            lease.release();
            learnt(backend.reported());
            return;
        }
        SettingsReplay.run(backend, commands, startup, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                ReportedParameters reported = backend.reported();
                lease.release();
                learnt(reported);
            }

            @Override
            public void onError(ErrorResponse error) {
                lease.discard("settings");
                if (!over) {
                    refuse(error.withSeverity(Severity.FATAL), LoginOutcome.MALFORMED);
                }
            }
        });
    }

    @Override
    public void onRefused(RouterError error) {
        if (!over) {
            refuse(error, LoginOutcome.UNAVAILABLE);
        }
    }

    private void learnt(ReportedParameters reported) {
        worker.welcomes().learn(identity, startup, reported);
        if (!over) {
            greet(reported);
        }
    }

    private void greet(ReportedParameters reported) {
        over = true;
        Session session = new Session(worker, client, identity, new SessionSettings(startup), reported);
        RouterCommand.begin(session, routerSettings);
        BackendKey key =
                worker.cancels().register(secretBytes, delivered -> worker.execute(() -> session.cancel(delivered)));
        session.begin(key);
        ByteBuf out = client.allocator().buffer(512);
        Greeting.write(out, reported.asMap(), key);
        client.write(out);
        client.flush();
        listener.onStarted(session);
    }

    private void refuse(RouterError error, LoginOutcome outcome) {
        worker.metrics().error(error);
        refuse(error.response().withSeverity(Severity.FATAL), outcome);
    }

    private void refuse(ErrorResponse error, LoginOutcome outcome) {
        over = true;
        ByteBuf out = client.allocator().buffer(256);
        error.encode(out);
        client.write(out);
        client.flush();
        listener.onRefused(outcome);
    }
}
