// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.frontend.Greeting;
import io.trunkline.frontend.StartupNegotiation.CancelOrigin;
import io.trunkline.wire.BackendKey;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Sessions that greet their client and only note what else it sends. */
final class GreetingSessions implements SessionStarter {
    final List<String> started = new CopyOnWriteArrayList<>();
    final List<String> received = new CopyOnWriteArrayList<>();
    final List<BackendKey> canceled = new CopyOnWriteArrayList<>();
    final List<CancelOrigin> cancelOrigins = new CopyOnWriteArrayList<>();
    final List<Runnable> undelivered = new CopyOnWriteArrayList<>();

    @Override
    public void start(Channel channel, ClientIdentity client) {
        started.add(client.user().name() + " " + client.database());
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ByteBuf bytes = (ByteBuf) message;
                received.add((char) bytes.getByte(bytes.readerIndex()) + " " + bytes.readableBytes());
                bytes.release();
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                context.close();
            }
        });
        ByteBuf greeting = channel.alloc().buffer();
        BackendKey key = Greeting.newKey(7, client.startup().version(), new SecureRandom());
        Greeting.write(greeting, Map.of("server_version", "18.6"), key);
        channel.writeAndFlush(greeting);
        LoginDeadline.lift(channel);
    }

    @Override
    public void cancel(Channel channel, CancelOrigin origin, BackendKey key, Runnable delivered) {
        cancelOrigins.add(origin);
        canceled.add(key);
        undelivered.add(delivered);
    }
}
