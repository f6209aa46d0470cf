// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.MessageScanner.Disposition;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The byte path costs the garbage collector nothing while messages are not cut and names repeat. */
class AllocationTest {
    private static final int ROUNDS = 1000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void scanningRowsAllocatesNothing() {
        ByteBuf in = Unpooled.buffer(1 << 16);
        for (int i = 0; i < 100; i++) {
            BackendWriter.dataRow(in, List.of("a row", "of no interest"));
        }
        BackendWriter.commandComplete(in, "SELECT 100");
        BackendWriter.readyForQuery(in, TransactionStatus.IDLE);
        MessageScanner scanner = new MessageScanner(Direction.FROM_BACKEND, 1 << 16, 1 << 20);
        Forwarding listener = new Forwarding();

        long perRound = bytesPerRound(() -> {
            in.readerIndex(0);
            scanner.scan(in, listener);
        });

        assertThat(perRound).isZero();
        assertThat(listener.runs).isEqualTo(2 * ROUNDS);
    }

    @Test
    void readingTheSameNamesAgainAllocatesNothing() {
        ByteBuf in = Unpooled.buffer();
        FrontendWriter.bind(in, "", "S_17", List.of("42"));
        Bind bind = new Bind();
        long[] seen = new long[1];

        long perRound = bytesPerRound(() -> {
            bind.wrap(in, 0, in.writerIndex());
            seen[0] += bind.statement().length() + bind.portal().length() + bind.parameterStart(0);
        });

        assertThat(perRound).isZero();
        assertThat(seen[0]).isPositive();
    }

    /** Returns what a round allocates once it is warm, rounded down: the measurement itself may cost a little. */
    private long bytesPerRound(Runnable round) {
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        return (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
    }

    private static final class Forwarding implements MessageScanner.Listener {
        private int runs;

        @Override
        public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
            return Disposition.FORWARD;
        }

        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            runs++;
        }

        @Override
        public void onBreak() {}
    }
}
