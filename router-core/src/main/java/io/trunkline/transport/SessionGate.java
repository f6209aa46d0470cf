// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.metrics.RouterMetrics.LoginOutcome;
import io.trunkline.session.SessionIdentity;
import io.trunkline.session.SessionRegistry;
import io.trunkline.session.SessionStart;
import io.trunkline.session.Worker;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ProtocolVersion;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lets authenticated clients in: finds their database and worker, takes a place for them and starts their session. */
@SharedAcrossLoops("immutable; the map of workers is complete before the first client comes")
public final class SessionGate implements SessionStarter {
    private static final int SECRET_BYTES_3_0 = 4;
    private static final int SECRET_BYTES_3_2 = 32;

    /** What the configuration and the topology in force say of databases; callable on any event loop. */
    public interface Databases {
        /** Returns true once a topology is known; until then nobody can say which databases there are. */
        boolean areKnown();

        /** Returns what an authenticated client enters, or null when there is no such database. */
        @Nullable
        SessionIdentity find(ClientIdentity client);
    }

    private final Map<EventLoop, Worker> workers;
    private final Databases databases;
    private final SessionRegistry sessions;
    private final CancelRequests cancels;
    private final RouterMetrics metrics;
    private final int sessionsMax;

    /** Creates the gate of a router with these workers. */
    public SessionGate(
            Map<EventLoop, Worker> workers,
            Databases databases,
            SessionRegistry sessions,
            CancelRequests cancels,
            RouterMetrics metrics,
            int sessionsMax) {
        this.workers = Map.copyOf(workers);
        this.databases = databases;
        this.sessions = sessions;
        this.cancels = cancels;
        this.metrics = metrics;
        this.sessionsMax = sessionsMax;
    }

    @Override
    public void start(Channel channel, ClientIdentity client) {
        NettyClientLink link = new NettyClientLink(channel);
        SessionIdentity identity = databases.find(client);
        Worker worker = workers.get(channel.eventLoop());
        RouterError full = worker == null ? null : worker.admissionProblem();
        if (!databases.areKnown()) {
            refuse(channel, link, RouterErrors.noTopology(), LoginOutcome.UNAVAILABLE);
        } else if (identity == null) {
            refuse(channel, link, RouterErrors.unknownDatabase(client.database()), LoginOutcome.REJECTED);
        } else if (worker == null) {
            refuse(channel, link, RouterErrors.internal("no worker"), LoginOutcome.UNAVAILABLE);
        } else if (sessions.isDraining()) {
            refuse(channel, link, RouterErrors.notAccepting(), LoginOutcome.UNAVAILABLE);
        } else if (full != null) {
            refuse(channel, link, full, LoginOutcome.UNAVAILABLE);
        } else if (!sessions.admit()) {
            refuse(channel, link, RouterErrors.tooManySessions(sessionsMax), LoginOutcome.UNAVAILABLE);
        } else {
            long began = System.nanoTime();
            FrontendHandler handler = new FrontendHandler(
                    link,
                    metrics,
                    () -> {
                        LoginDeadline.lift(channel);
                        metrics.loginStage(RouterMetrics.LoginStage.GREETING, System.nanoTime() - began);
                        metrics.loginEnded(LoginOutcome.ACCEPTED);
                    },
                    sessions::leave);
            channel.pipeline().addLast(handler);
            int secretBytes =
                    client.startup().version().equals(ProtocolVersion.V3_0) ? SECRET_BYTES_3_0 : SECRET_BYTES_3_2;
            handler.begin(
                    new SessionStart(worker, link, identity, client.startup().settings(), secretBytes, handler));
        }
    }

    private void refuse(Channel channel, NettyClientLink link, RouterError error, LoginOutcome outcome) {
        channel.pipeline().addLast(new RefusedClientHandler());
        metrics.error(error);
        metrics.loginEnded(outcome);
        ByteBuf out = link.allocator().buffer(256);
        error.response().encode(out);
        link.write(out);
        link.close();
    }

    @Override
    public void cancel(Channel channel, CancelOrigin origin, BackendKey key, Runnable delivered) {
        cancels.take(channel, origin, key, delivered);
    }
}
