// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.trunkline.server.config.RouterConfig.Transport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NettyRuntimeTest {
    @Test
    void numbersItsThreads() throws Exception {
        List<String> names = new ArrayList<>();

        try (NettyRuntime runtime = new NettyRuntime(Transport.NIO, 2)) {
            for (EventLoop loop : runtime.loops()) {
                names.add(loop.submit(() -> Thread.currentThread().getName()).get());
            }
        }

        assertThat(names).containsExactly("router-loop-0", "router-loop-1");
    }

    @Test
    void endsItsThreads() {
        NettyRuntime runtime = new NettyRuntime(Transport.AUTO, 1);

        runtime.close();

        assertThat(runtime.acceptor().isTerminated()).isTrue();
        assertThat(runtime.workers().isTerminated()).isTrue();
    }
}
