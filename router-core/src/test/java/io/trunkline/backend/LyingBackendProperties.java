// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterErrors;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.Lies;
import io.trunkline.testing.VirtualClock;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ParameterDescription;
import io.trunkline.wire.TransactionStatus;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/**
 * A node may send what it likes: a backend stays in step with its requests or is lost, what its holder was given are whole messages unless it
 * was told otherwise, and every buffer is released.
 */
@Case("M08")
class LyingBackendProperties {
    private static final BackendLimits LIMITS = new BackendLimits(200, 1_000, 10, Duration.ofSeconds(15));

    @Property(tries = 20_000)
    void aHeldBackendStaysInStepOrIsLost(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            Node node = new Node();
            Holder holder = new Holder(node);
            node.backend.attach(holder);
            for (int round = 0; round < 30 && node.backend.isOpen(); round++) {
                holder.request(random);
                node.send(random, reply(random, node.backend.expected()));
            }

            holder.check();
            node.backend.onClosed();
            holder.checkEnd();
        });
    }

    @Property(tries = 10_000)
    void aQueryOfTheRouterEndsOnceWithRowsWithinItsLimit(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            Node node = new Node();
            Outcome outcome = new Outcome();
            int rowsMax = random.nextInt(5);
            node.backend.query("select 1", rowsMax, outcome);
            for (int round = 0; round < 20 && node.backend.isOpen() && outcome.ends == 0; round++) {
                node.send(random, reply(random, node.backend.expected()));
            }
            node.backend.onClosed();

            assertThat(outcome.ends).isOne();
            assertThat(outcome.rows).hasSizeLessThanOrEqualTo(rowsMax);
            assertThat(node.closes).isLessThanOrEqualTo(1);
        });
    }

    @Example
    void hearsNoMoreOfABackendThatAnsweredTooMuch() {
        Node node = new Node();
        Outcome outcome = new Outcome();
        node.backend.query("select 1", 1, outcome);
        byte[] answer = Lies.bytes(out -> {
            BackendWriter.dataRow(out, List.of("one"));
            BackendWriter.dataRow(out, List.of("two"));
            BackendWriter.parameterStatus(out, "TimeZone", "UTC");
        });

        Fragmenter.whole().feed(answer, node.backend::onBytes);

        assertThat(outcome.ends).isOne();
        assertThat(node.backend.isOpen()).isFalse();
    }

    @Property(tries = 10_000)
    void anIdleBackendIsLostOnceOrSaidNothingThatCounts(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            Node node = new Node();
            int[] losses = new int[1];
            node.backend.becomeIdle((backend, cause) -> losses[0]++);
            for (int round = 0; round < 20 && node.backend.isOpen(); round++) {
                node.send(random, reply(random, node.backend.expected()));
            }

            assertThat(losses[0]).isEqualTo(node.backend.isOpen() ? 0 : 1);
            assertThat(node.closes).isEqualTo(losses[0]);
            node.backend.onClosed();
            assertThat(losses[0]).isOne();
        });
    }

    /** Returns what a server would send next, or a lie. */
    private static byte[] reply(Random random, ExpectedReplies expected) {
        byte[] truth = expected.isEmpty() ? new byte[0] : truth(random, expected.frontKind());
        return random.nextInt(6) == 0 ? Lies.instead(random, truth) : truth;
    }

    private static byte[] truth(Random random, Kind kind) {
        return Lies.bytes(out -> {
            switch (kind) {
                case QUERY -> {
                    BackendWriter.rowDescription(out, List.of("a"));
                    if (random.nextInt(8) == 0) {
                        BackendWriter.parameterStatus(out, "TimeZone", "UTC");
                    }
                    for (int i = random.nextInt(6); i > 0; i--) {
                        BackendWriter.dataRow(out, Arrays.asList("x".repeat(random.nextInt(300)), null));
                    }
                    if (random.nextInt(8) == 0) {
                        BackendWriter.parameterStatus(out, "TimeZone", "CET");
                    }
                    BackendWriter.commandComplete(out, "SELECT 1");
                    BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
                }
                case PARSE -> BackendWriter.parseComplete(out);
                case BIND -> BackendWriter.bindComplete(out);
                case DESCRIBE_STATEMENT -> {
                    BackendWriter.parameterDescription(out, 23, 25);
                    BackendWriter.noData(out);
                }
                case DESCRIBE_PORTAL -> BackendWriter.rowDescription(out, List.of("a", "b"));
                case EXECUTE -> {
                    BackendWriter.dataRow(out, List.of("1"));
                    BackendWriter.commandComplete(out, "SELECT 1");
                }
                case CLOSE -> BackendWriter.closeComplete(out);
                case SYNC -> BackendWriter.readyForQuery(out, TransactionStatus.IN_TRANSACTION);
                case FUNCTION_CALL -> {
                    out.writeByte('V').writeInt(8).writeInt(-1);
                    BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
                }
                case COPY_END -> {
                    // owed nothing
                }
            }
        });
    }

    /** The node's end of a backend. */
    private static final class Node implements BackendLink {
        final BackendConnection backend = new BackendConnection(
                new BackendTarget("c", "n", "localhost", 5432, "d", "u"),
                this,
                new BackendKey(1, new byte[4]),
                ReportedParameters.NONE,
                LIMITS,
                new VirtualClock().newLoop());
        int closes;

        void send(Random random, byte[] bytes) {
            Fragmenter pieces = random.nextBoolean() ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
            pieces.feed(bytes, piece -> {
                backend.onBytes(piece);
                piece.skipBytes(piece.readableBytes());
            });
            backend.onReadComplete();
        }

        @Override
        public void write(ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void flush() {
            // written at once
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void setReading(boolean reading) {
            // bytes come as the test sends them
        }

        @Override
        public void close() {
            closes++;
        }

        @Override
        public SocketAddress address() {
            return new InetSocketAddress("192.0.2.1", 5432);
        }

        @Override
        public ByteBufAllocator allocator() {
            return ByteBufAllocator.DEFAULT;
        }
    }

    /** Counts how often it was called. */
    private static final class Outcome implements BackendConnection.QueryListener {
        int ends;
        List<List<@Nullable String>> rows = List.of();

        @Override
        public void onRows(List<List<@Nullable String>> newRows) {
            ends++;
            rows = newRows;
        }

        @Override
        public void onError(ErrorResponse error) {
            ends++;
        }
    }

    /** A relay that notes what a client would have been sent. */
    private static final class Holder implements BackendHolder {
        private final Node node;
        private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        private final List<Effect> effects = new ArrayList<>();
        private int losses;
        private boolean cutOff;

        Holder(Node node) {
            this.node = node;
        }

        /** Queues what a client might have asked, as a relay would. */
        void request(Random random) {
            ExpectedReplies expected = node.backend.expected();
            if (random.nextInt(3) > 0) {
                return;
            }
            Effect effect = new Effect();
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            if (kind == Kind.COPY_END && expected.isEmpty()) {
                return;
            }
            if (expected.isCopyingIn() && kind != Kind.COPY_END && kind != Kind.SYNC) {
                // Session sends nothing else into a copy.
                return;
            }
            Action action = random.nextInt(4) == 0 ? Action.SWALLOW : Action.FORWARD;
            boolean answerable = kind == Kind.PARSE || kind == Kind.BIND || kind == Kind.CLOSE;
            if (answerable && random.nextInt(4) == 0) {
                boolean first = expected.isEmpty();
                effects.add(effect);
                expected.add(kind, Action.SYNTHESIZE, new Answer(effect));
                if (first) {
                    node.backend.drainSynthesized();
                }
            } else if ((kind == Kind.PARSE || kind == Kind.QUERY) && random.nextInt(4) == 0) {
                expected.add(kind, Action.SUBSTITUTE_ERROR, new SubstituteError(RouterErrors.transactionAborted()));
            } else if (kind == Kind.COPY_END || kind == Kind.SYNC) {
                expected.add(kind, action, null);
            } else {
                effects.add(effect);
                expected.add(kind, action, effect);
            }
        }

        /** What was sent so far is whole, unless the holder was told that it is not. */
        void check() {
            boolean open = node.backend.isOpen();
            assertThat(losses).isEqualTo(open ? 0 : 1);
            assertThat(node.closes).isEqualTo(losses);
            int missing = missingBytes(sent.toByteArray());
            if (open) {
                boolean inStep = node.backend.releaseViolation() == null;
                assertThat(inStep && missing > 0)
                        .as("to be given back with a message cut")
                        .isFalse();
            } else {
                assertThat(cutOff).as("half a message was sent").isEqualTo(missing > 0);
            }
        }

        void checkEnd() {
            assertThat(losses).isOne();
            assertThat(effects).allMatch(effect -> effect.ends == 1);
        }

        /** Returns how many bytes lack to the end of the last message. */
        private static int missingBytes(byte[] stream) {
            int at = 0;
            while (at < stream.length) {
                assertThat(stream.length - at).as("bytes of a header").isGreaterThanOrEqualTo(5);
                at += 1 + ByteBuffer.wrap(stream).getInt(at + 1);
            }
            return at - stream.length;
        }

        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            assertThat(losses).as("losses before these bytes").isZero();
            byte[] run = new byte[length];
            buffer.getBytes(index, run);
            sent.writeBytes(run);
        }

        @Override
        public void onSynthesized(ByteBuf messages) {
            try {
                onRun(messages, messages.readerIndex(), messages.readableBytes());
            } finally {
                messages.release();
            }
        }

        @Override
        public void onReadyForQuery(TransactionStatus status, boolean failed) {
            assertThat(losses).isZero();
        }

        @Override
        public void onQuiet() {
            assertThat(losses).isZero();
            assertThat(node.backend.expected().isEmpty()).isTrue();
            assertThat(missingBytes(sent.toByteArray())).isZero();
        }

        @Override
        public void onParameterStatus(String name, String value) {
            assertThat(losses).isZero();
            assertThat(missingBytes(sent.toByteArray())).isZero();
        }

        @Override
        public void onLost(ErrorResponse cause, boolean midMessage) {
            losses++;
            cutOff = midMessage;
        }

        @Override
        public void onReadComplete() {
            assertThat(losses).isZero();
        }

        @Override
        public void onWritabilityChanged(boolean writable) {
            // always writable
        }
    }

    /** Reads all there is to read and counts its ends. */
    private static final class Effect extends ReplyEffect {
        int ends;

        @Override
        public void onConfirmed() {
            ends++;
        }

        @Override
        public void onUndone() {
            ends++;
        }

        @Override
        public boolean wantsCommandComplete() {
            return true;
        }

        @Override
        public void onCommandComplete(ByteBuf buffer, int index) {
            assertThat(buffer.getByte(index)).isEqualTo((byte) 'C');
        }

        @Override
        public void onParameterDescription(ByteBuf buffer, int index) {
            new ParameterDescription()
                    .wrap(buffer, index, 1 + buffer.getInt(index + 1))
                    .types();
        }
    }

    private static final class Answer extends Synthesis {
        private final Effect effect;

        Answer(Effect effect) {
            this.effect = effect;
        }

        @Override
        public void writeTo(ByteBuf out, TransactionStatus status) {
            BackendWriter.noData(out);
        }

        @Override
        public void onConfirmed() {
            effect.onConfirmed();
        }

        @Override
        public void onUndone() {
            effect.onUndone();
        }
    }
}
