// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.resolver.AddressResolverGroup;
import io.trunkline.SharedAcrossLoops;
import io.trunkline.backend.BackendLogin;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.error.RouterError;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.FrontendWriter;
import java.net.SocketAddress;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Opens channels to nodes: connect, TLS, login, each attempt on the event loop that asks. Also sends cancel requests.
 *
 * <p>The transport (epoll, NIO, io_uring) comes in as a channel factory that fits the event loops.
 */
@SharedAcrossLoops("immutable; the state of an attempt lives in objects of its event loop")
public final class BackendChannelOpener {

    /** How an attempt ended; called once, on the event loop that asked. */
    public interface Listener {
        /**
         * The backend is ready for queries. The callee owns the channel and adds its handler at the end of the pipeline before it returns:
         * bytes that came behind ReadyForQuery are passed on right after. The pipeline holds at most the TLS handler otherwise.
         */
        void onOpened(Channel channel, BackendLogin.Result login);

        /** The attempt failed and its channel is closed. */
        void onFailed(RouterError error);
    }

    private final BackendAccess access;
    private final Bootstrap bootstrap;

    /**
     * Makes an opener.
     *
     * @param channels makes channels of the transport in use
     * @param lookups runs host name lookups; may block, is bounded, is no event loop
     */
    public BackendChannelOpener(BackendAccess access, ChannelFactory<? extends Channel> channels, Executor lookups) {
        this(access, channels, new OffLoopResolver(lookups));
    }

    /** Makes an opener with a resolver of its own, such as one for in-process addresses. */
    BackendChannelOpener(
            BackendAccess access, ChannelFactory<? extends Channel> channels, AddressResolverGroup<?> resolver) {
        this.access = access;
        this.bootstrap = new Bootstrap()
                .channelFactory(channels)
                .resolver(resolver)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        access.limits().connect().toMillis());
    }

    /** Opens a channel to a node and logs in as the target's user. */
    public void open(EventLoop loop, BackendTarget target, Listener listener) {
        assert loop.inEventLoop();
        new BackendOpening(access, bootstrap.clone(loop), loop, target, listener).start();
    }

    /**
     * Sends a cancel request on a connection of its own, under the TLS rules of a login.
     *
     * @param target whom the backend with the key was opened to
     * @param address where that backend is: not looked up again, since the key means nothing to another server of the same name
     * @param ended hears once, on the event loop, what became of it
     */
    public void cancel(
            EventLoop loop, BackendTarget target, SocketAddress address, BackendKey key, Consumer<CancelEnd> ended) {
        assert loop.inEventLoop();
        new CancelDelivery(
                        bootstrap.clone(loop),
                        loop,
                        access.tls(),
                        access.limits(),
                        new CancelDelivery.Destination(target, address),
                        out -> FrontendWriter.cancelRequest(out, key),
                        ended)
                .start();
    }
}
