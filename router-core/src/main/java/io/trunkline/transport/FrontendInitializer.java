// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.trunkline.SharedAcrossLoops;

/**
 * The pipeline of an accepted connection before login; one per listener, to be given to its bootstrap as child handler.
 *
 * <pre>
 *   LoginDeadline · DirectTlsHandler, then maybe SslHandler · StartupHandler · (LoginHandler) · (the session's handler)
 * </pre>
 *
 * <p>What was needed only to log in is gone when the session has greeted; TLS remains.
 */
@Sharable
@SharedAcrossLoops("immutable but for the per-loop counts of unauthenticated channels")
public final class FrontendInitializer extends ChannelInitializer<Channel> {
    private final FrontendAccess access;
    private final UnauthenticatedChannels unauthenticated;

    /** Makes the initializer of one listener. */
    public FrontendInitializer(FrontendAccess access) {
        this.access = access;
        this.unauthenticated = new UnauthenticatedChannels(access.settings().unauthenticatedMaxPerLoop());
    }

    @Override
    protected void initChannel(Channel channel) {
        TcpOptions.apply(channel, access.settings().tcpUserTimeout());
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline()
                .addLast(new InputShutdownHandler())
                .addLast(new LoginDeadline(access.settings().loginTimeout(), unauthenticated))
                .addLast(new DirectTlsHandler(access))
                .addLast(new StartupHandler(access));
    }
}
