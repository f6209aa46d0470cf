// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TcpOptionsTest {

    @Test
    void setsWhatEveryTransportHas() {
        NioSocketChannel channel = new NioSocketChannel();

        TcpOptions.apply(channel, Duration.ofSeconds(30));

        assertThat(channel.config().isTcpNoDelay()).isTrue();
        assertThat(channel.config().isKeepAlive()).isTrue();
        channel.unsafe().closeForcibly();
    }

    @Test
    void boundsUnacknowledgedBytesOnEpoll() {
        assumeTrue(Epoll.isAvailable());
        EpollSocketChannel channel = new EpollSocketChannel();

        TcpOptions.apply(channel, Duration.ofSeconds(30));

        assertThat(channel.config().getTcpUserTimeout()).isEqualTo(30_000);
        channel.unsafe().closeForcibly();
    }

    @Test
    void asksASilentPeerWithinTheSameTime() {
        assumeTrue(Epoll.isAvailable());
        EpollSocketChannel channel = new EpollSocketChannel();

        TcpOptions.apply(channel, Duration.ofSeconds(30));

        assertThat(channel.config().isKeepAlive()).isTrue();
        assertThat(channel.config().getTcpKeepIdle()).isEqualTo(15);
        assertThat(channel.config().getTcpKeepIntvl()).isEqualTo(5);
        assertThat(channel.config().getTcpKeepCnt()).isEqualTo(3);
        channel.unsafe().closeForcibly();
    }
}
