// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NettyBackendLinkTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final NettyBackendLink link = new NettyBackendLink(channel);

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void whatFitsJoinsTheBufferBeforeIt() {
        ByteBuf shared = Unpooled.copiedBuffer("rest", StandardCharsets.US_ASCII);

        link.write(withRoom("head ", 9));
        link.write(shared.retainedSlice(0, 4));
        link.write(shared.retainedSlice(0, 4));
        link.flush();

        assertThat(sent()).containsExactly("head rest", "rest");
        assertThat(shared.refCnt()).isEqualTo(1);
        shared.release();
    }

    @Test
    void nothingIsAddedToWhatWasFlushed() {
        link.write(withRoom("a", 100));
        link.flush();
        link.write(withRoom("b", 100));
        link.flush();

        assertThat(sent()).containsExactly("a", "b");
    }

    @Test
    void whatDoesNotFitKeepsItsOrder() {
        link.write(withRoom("first", 6));
        link.write(withRoom("second", 100));
        link.write(withRoom(" third", 10));
        link.flush();

        assertThat(sent()).containsExactly("first", "second third");
    }

    @Test
    void aClosedLinkKeepsNothing() {
        ByteBuf unsent = withRoom("unsent", 100);
        link.write(unsent);

        link.close();

        assertThat(unsent.refCnt()).isZero();
    }

    private static ByteBuf withRoom(String text, int capacity) {
        return Unpooled.buffer(capacity, capacity).writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    private List<String> sent() {
        List<String> texts = new ArrayList<>();
        for (ByteBuf bytes = channel.readOutbound(); bytes != null; bytes = channel.readOutbound()) {
            texts.add(bytes.toString(StandardCharsets.US_ASCII));
            bytes.release();
        }
        return texts;
    }
}
