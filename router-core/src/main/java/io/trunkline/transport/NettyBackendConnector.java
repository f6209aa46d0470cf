// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.error.RouterError;
import io.trunkline.metrics.RouterMetrics;
import java.util.function.Consumer;

/** Opens backends on one event loop. */
public final class NettyBackendConnector implements BackendConnector {
    private final BackendChannelOpener opener;
    private final EventLoop loop;
    private final EventLoopClock clock;
    private final BackendLimits limits;
    private final RouterMetrics metrics;

    /** Creates the connector of one event loop. */
    public NettyBackendConnector(
            BackendChannelOpener opener, EventLoop loop, BackendLimits limits, RouterMetrics metrics) {
        this.opener = opener;
        this.loop = loop;
        this.clock = new NettyEventLoopClock(loop);
        this.limits = limits;
        this.metrics = metrics;
    }

    @Override
    public void connect(BackendTarget target, Listener listener) {
        opener.open(loop, target, new BackendChannelOpener.Listener() {
            @Override
            public void onOpened(Channel channel, BackendLogin.Result login) {
                BackendConnection backend = new BackendConnection(
                        target,
                        new NettyBackendLink(channel),
                        login.key(),
                        ReportedParameters.of(login.parameters()),
                        limits,
                        clock);
                channel.pipeline().addLast(new BackendHandler(backend, metrics));
                listener.onConnected(backend);
            }

            @Override
            public void onFailed(RouterError error) {
                listener.onFailed(error);
            }
        });
    }

    @Override
    public void cancel(BackendConnection backend, Consumer<CancelEnd> ended) {
        opener.cancel(loop, backend.target(), backend.address(), backend.key(), ended);
    }
}
