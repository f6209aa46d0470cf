// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.wire.MessageScanner.Attention;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.MessageScanner.Disposition;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(ByteBufLeaks.class)
class MessageScannerTest {
    private static final int INSPECTION_LIMIT = Recorder.INSPECTION_LIMIT;

    private final MessageScanner fromFrontend =
            new MessageScanner(Direction.FROM_FRONTEND, INSPECTION_LIMIT, MessageScanner.LENGTH_MAX);
    private final MessageScanner fromBackend =
            new MessageScanner(Direction.FROM_BACKEND, INSPECTION_LIMIT, MessageScanner.LENGTH_MAX);

    @Test
    void handsOnAdjacentMessagesAndATrailingPartOfOneAsOneRun() {
        byte[] stream = bytes(out -> {
            BackendWriter.dataRow(out, List.of("first"));
            BackendWriter.commandComplete(out, "SELECT 1");
            BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
            BackendWriter.dataRow(out, List.of("the end of this row comes later"));
        });
        Recorder recorder = Recorder.forwarding(Direction.FROM_BACKEND);

        scan(fromBackend, recorder, Arrays.copyOf(stream, stream.length - 10));

        assertThat(recorder.events)
                .containsExactly(
                        "D 15 available 16",
                        "C 13 available 14",
                        "Z 5 available 6",
                        "D 41 available 32",
                        "run " + (stream.length - 10));
        assertThat(fromBackend.isMidMessage()).isTrue();
        assertThat(fromBackend.isQuiet()).isFalse();
        scan(fromBackend, recorder, Arrays.copyOfRange(stream, stream.length - 10, stream.length));
        assertThat(recorder.forwardedBytes()).isEqualTo(stream);
        assertThat(fromBackend.isQuiet()).isTrue();
    }

    @Test
    void showsABodyOnlyWhenItIsWhole() {
        byte[] stream = bytes(out -> FrontendWriter.query(out, "select 1"));
        Recorder recorder = Recorder.forwarding(Direction.FROM_FRONTEND);

        scan(fromFrontend, recorder, Arrays.copyOf(stream, stream.length - 1));
        List<String> before = List.copyOf(recorder.events);
        boolean quietBefore = fromFrontend.isQuiet();
        scan(fromFrontend, recorder, new byte[] {stream[stream.length - 1]});

        assertThat(before).isEmpty();
        assertThat(quietBefore).isFalse();
        assertThat(recorder.events).containsExactly("Q 13 available 14", "run 14");
        assertThat(recorder.forwardedBytes()).isEqualTo(stream);
    }

    @Test
    void showsTheBeginningOfABodyBeyondTheInspectionLimitAndStreamsTheRest() {
        byte[] stream = bytes(out -> {
            FrontendWriter.query(out, "select '" + "x".repeat(1000) + "'");
            FrontendWriter.sync(out);
        });

        for (Fragmenter fragmenter : List.of(Fragmenter.whole(), Fragmenter.pieces(10), Fragmenter.everyByte())) {
            Recorder recorder = Recorder.forwarding(Direction.FROM_FRONTEND);
            fragmenter.feed(stream, in -> fromFrontend.scan(in, recorder));

            assertThat(recorder.events)
                    .contains("Q 1014 available " + INSPECTION_LIMIT)
                    .contains("S 4 available 5");
            assertThat(recorder.forwardedBytes()).isEqualTo(stream);
        }
    }

    @Test
    void keepsNoMoreThanTheInspectionLimitHoweverLongTheMessage() {
        ByteBuf header = Unpooled.buffer().writeByte('Q').writeInt(FrontendTag.LARGE_LENGTH_MAX);
        ByteBuf piece = Unpooled.buffer().writeZero(1000);
        int[] largestRun = new int[1];
        MessageScanner.Listener listener = new MessageScanner.Listener() {
            @Override
            public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
                return Disposition.FORWARD;
            }

            @Override
            public void onRun(ByteBuf buffer, int index, int length) {
                largestRun[0] = Math.max(largestRun[0], length);
            }

            @Override
            public void onBreak() {}
        };

        fromFrontend.scan(header, listener);
        for (int fed = 4; fed < FrontendTag.LARGE_LENGTH_MAX; fed += 1000) {
            piece.setIndex(0, Math.min(1000, FrontendTag.LARGE_LENGTH_MAX - fed));
            fromFrontend.scan(piece, listener);
        }

        assertThat(fromFrontend.isQuiet()).isTrue();
        assertThat(largestRun[0]).isLessThanOrEqualTo(1000);
    }

    @Test
    void dropsSkippedMessagesFromBetweenRuns() {
        byte[] stream = bytes(out -> {
            BackendWriter.parseComplete(out);
            BackendWriter.bindComplete(out);
            BackendWriter.noData(out);
        });
        Recorder recorder = new Recorder(
                Direction.FROM_BACKEND,
                INSPECTION_LIMIT,
                List.of(Disposition.FORWARD, Disposition.SKIP, Disposition.FORWARD));

        scan(fromBackend, recorder, stream);

        assertThat(recorder.events)
                .containsExactly("1 4 available 5", "2 4 available 5", "run 5", "n 4 available 5", "run 5");
        assertThat(new String(recorder.forwardedBytes(), StandardCharsets.ISO_8859_1))
                .isEqualTo("1\0\0\0\4n\0\0\0\4");
    }

    @Test
    void breaksAfterTheMessageHasPassedAndBeforeTheNextOne() {
        byte[] stream = bytes(out -> {
            BackendWriter.commandComplete(out, "BEGIN");
            BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
            BackendWriter.noticeResponse(out, ErrorResponse.of(Severity.NOTICE, SqlState.WARNING, "late"));
        });
        Recorder recorder = new Recorder(
                Direction.FROM_BACKEND,
                INSPECTION_LIMIT,
                List.of(Disposition.FORWARD, Disposition.FORWARD_THEN_BREAK, Disposition.SKIP_THEN_BREAK));

        scan(fromBackend, recorder, stream);

        assertThat(recorder.events.subList(0, 5))
                .containsExactly(
                        "C 10 available 11",
                        "Z 5 available 6",
                        "run 17",
                        "break",
                        "N " + (stream.length - 18) + " available " + (stream.length - 17));
        assertThat(recorder.events).endsWith("break").doesNotContain("run " + (stream.length - 17));
    }

    @Test
    void breaksOnlyWhenTheLastByteOfACutMessageHasPassed() {
        byte[] stream = bytes(out -> BackendWriter.dataRow(out, List.of("value")));
        Recorder recorder =
                new Recorder(Direction.FROM_BACKEND, INSPECTION_LIMIT, List.of(Disposition.FORWARD_THEN_BREAK));

        Fragmenter.everyByte().feed(stream, in -> fromBackend.scan(in, recorder));

        assertThat(recorder.events).endsWith("run 1", "break");
        assertThat(recorder.forwardedBytes()).isEqualTo(stream);
    }

    @Test
    void offersAPausedMessageAgainAndLeavesItUnread() {
        byte[] stream = bytes(out -> {
            FrontendWriter.sync(out);
            FrontendWriter.query(out, "select 1");
        });
        Recorder recorder = new Recorder(
                Direction.FROM_FRONTEND,
                INSPECTION_LIMIT,
                List.of(Disposition.FORWARD, Disposition.PAUSE, Disposition.FORWARD));
        ByteBuf in = Unpooled.wrappedBuffer(stream);

        fromFrontend.scan(in, recorder);
        int unread = in.readableBytes();
        fromFrontend.scan(in, recorder);

        assertThat(unread).isEqualTo(14);
        assertThat(recorder.events)
                .containsExactly("S 4 available 5", "Q 13 available 14", "run 5", "Q 13 available 14", "run 14");
        assertThat(recorder.forwardedBytes()).isEqualTo(stream);
    }

    @Test
    void resumesAMessageItKeptWithAnEmptyBuffer() {
        byte[] stream = bytes(out -> FrontendWriter.query(out, "select 1"));
        Recorder recorder =
                new Recorder(Direction.FROM_FRONTEND, INSPECTION_LIMIT, List.of(Disposition.PAUSE, Disposition.PAUSE));

        Fragmenter.everyByte().feed(stream, in -> fromFrontend.scan(in, recorder));
        fromFrontend.scan(Unpooled.EMPTY_BUFFER, recorder);
        boolean quietWhilePaused = fromFrontend.isQuiet();
        fromFrontend.scan(Unpooled.EMPTY_BUFFER, recorder);

        assertThat(quietWhilePaused).isFalse();
        assertThat(recorder.events)
                .containsExactly("Q 13 available 14", "Q 13 available 14", "Q 13 available 14", "run 14");
        assertThat(recorder.forwardedBytes()).isEqualTo(stream);
    }

    @Test
    void emitsTheRunBeforeAMessageWhenAskedFromInsideTheCallback() {
        byte[] stream = bytes(out -> {
            BackendWriter.parseComplete(out);
            BackendWriter.bindComplete(out);
        });
        Recorder recorder = new Recorder(Direction.FROM_BACKEND, INSPECTION_LIMIT, List.of()) {
            @Override
            public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
                if (tag == BackendTag.BIND_COMPLETE) {
                    fromBackend.emitRun(this);
                    fromBackend.emitRun(this);
                }
                return super.onMessage(tag, length, buffer, index, available);
            }
        };

        scan(fromBackend, recorder, stream);

        assertThat(recorder.events).containsExactly("1 4 available 5", "run 5", "2 4 available 5", "run 5");
        recorder.collect();
    }

    @Test
    void handsOnWhatCameBeforeAViolation() {
        ByteBuf in = Unpooled.buffer();
        FrontendWriter.query(in, "select 1");
        in.writeByte('z').writeInt(4);
        Recorder recorder = Recorder.forwarding(Direction.FROM_FRONTEND);

        assertThatThrownBy(() -> fromFrontend.scan(in, recorder))
                .isInstanceOfSatisfying(ProtocolViolation.class, violation -> {
                    assertThat(violation).hasMessage("invalid frontend message type 122");
                    assertThat(violation.consequence()).isEqualTo(ProtocolViolation.Consequence.FATAL);
                });
        assertThat(recorder.forwardedBytes()).hasSize(14);
    }

    @Test
    @Case("M03")
    void refusesEveryFrontendTypePostgreSqlDoesNotKnow() {
        for (int tag = 0; tag < 256; tag++) {
            boolean known = "QPBDECHSFdcfX".indexOf(tag) >= 0;
            ByteBuf in = Unpooled.buffer().writeByte(tag).writeInt(4);
            MessageScanner scanner = new MessageScanner(Direction.FROM_FRONTEND, 64, 1000);
            Recorder recorder = Recorder.forwarding(Direction.FROM_FRONTEND);

            if (known) {
                scanner.scan(in, recorder);
                assertThat(recorder.forwardedBytes()).hasSize(5);
            } else {
                assertThatThrownBy(() -> scanner.scan(in, recorder)).hasMessage("invalid frontend message type " + tag);
            }
        }
    }

    @Test
    void refusesEveryBackendTypeThatCannotComeAfterLogin() {
        for (int tag = 0; tag < 256; tag++) {
            boolean known = "DdTtNAVGHW123nsIcCZES".indexOf(tag) >= 0;
            ByteBuf in = Unpooled.buffer().writeByte(tag).writeInt(4);
            MessageScanner scanner = new MessageScanner(Direction.FROM_BACKEND, 64, 1000);
            Recorder recorder = Recorder.forwarding(Direction.FROM_BACKEND);

            if (known) {
                scanner.scan(in, recorder);
                assertThat(recorder.forwardedBytes()).hasSize(5);
            } else {
                assertThatThrownBy(() -> scanner.scan(in, recorder)).hasMessage("invalid backend message type " + tag);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x8000_0001})
    @Case("M01")
    void refusesLengthsThatAreNone(int length) {
        for (Fragmenter fragmenter : List.of(Fragmenter.whole(), Fragmenter.everyByte())) {
            MessageScanner scanner =
                    new MessageScanner(Direction.FROM_FRONTEND, INSPECTION_LIMIT, MessageScanner.LENGTH_MAX);
            byte[] stream = bytes(out -> out.writeByte('Q').writeInt(length).writeZero(10));

            assertThatThrownBy(() -> fragmenter.feed(
                            stream, in -> scanner.scan(in, Recorder.forwarding(Direction.FROM_FRONTEND))))
                    .hasMessage("invalid message length");
            scanner.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "D, 10000",
        "E, 10000",
        "C, 10000",
        "H, 10000",
        "S, 10000",
        "X, 10000",
        "c, 10000",
        "f, 10000",
        "Q, 1073741822",
        "P, 1073741822",
        "B, 1073741822",
        "F, 1073741822",
        "d, 1073741822"
    })
    @Case("M02")
    void allowsFrontendMessagesTheLengthPostgreSqlAllows(char tag, int lengthMax) {
        ByteBuf largest = Unpooled.buffer().writeByte(tag).writeInt(lengthMax).writeZero(INSPECTION_LIMIT);
        ByteBuf tooLarge =
                Unpooled.buffer().writeByte(tag).writeInt(lengthMax + 1).writeZero(INSPECTION_LIMIT);
        Recorder recorder = Recorder.forwarding(Direction.FROM_FRONTEND);

        fromFrontend.scan(largest, recorder);

        assertThat(recorder.forwardedBytes()).hasSize(5 + INSPECTION_LIMIT);
        assertThatThrownBy(
                        () -> new MessageScanner(Direction.FROM_FRONTEND, INSPECTION_LIMIT, MessageScanner.LENGTH_MAX)
                                .scan(tooLarge, recorder))
                .isInstanceOfSatisfying(ProtocolViolation.class, violation -> {
                    assertThat(violation).hasMessage("invalid message length");
                    assertThat(violation.response().detail())
                            .isEqualTo("A message of type " + (int) tag + " has length " + (lengthMax + 1)
                                    + " (expected: 4.." + lengthMax + ").");
                });
    }

    @Test
    void refusesAReadyForQueryWithMoreThanItsStatus() {
        ByteBuf in = Unpooled.buffer().writeByte('Z').writeInt(6).writeZero(2);

        assertThatThrownBy(() -> fromBackend.scan(in, Recorder.forwarding(Direction.FROM_BACKEND)))
                .hasMessage("invalid message length");
    }

    @Test
    void readsEverythingWholeWhileTheRouterAsksForItself() {
        byte[] stream = bytes(out -> {
            BackendWriter.rowDescription(out, List.of("name"));
            BackendWriter.dataRow(out, List.of("value"));
        });
        Recorder recorder = Recorder.forwarding(Direction.FROM_BACKEND);
        fromBackend.attend(Attention.EVERYTHING);

        Fragmenter.everyByte().feed(stream, in -> fromBackend.scan(in, recorder));

        assertThat(recorder.events).containsExactly("T 29 available 30", "run 30", "D 15 available 16", "run 16");
        recorder.collect();
    }

    @Test
    void acceptsAuthenticationOnlyWhileLoggingIn() {
        byte[] stream = bytes(BackendWriter::authenticationOk);
        Recorder recorder = Recorder.forwarding(Direction.FROM_BACKEND);
        fromBackend.attend(Attention.LOGIN);

        Fragmenter.everyByte().feed(stream, in -> fromBackend.scan(in, recorder));
        fromBackend.attend(Attention.BY_TABLE);

        assertThat(recorder.events).containsExactly("R 8 available 9", "run 9");
        recorder.collect();
        assertThatThrownBy(() -> scan(fromBackend, recorder, stream)).hasMessage("invalid backend message type 82");
    }

    @Test
    void dropsTheRestWhenClosedFromInsideACallback() {
        byte[] stream = bytes(out -> {
            FrontendWriter.sync(out);
            FrontendWriter.terminate(out);
            FrontendWriter.sync(out);
        });
        for (Fragmenter fragmenter : List.of(Fragmenter.whole(), Fragmenter.everyByte(), Fragmenter.pieces(7))) {
            MessageScanner scanner = new MessageScanner(Direction.FROM_FRONTEND, INSPECTION_LIMIT, 1000);
            Recorder recorder = new Recorder(Direction.FROM_FRONTEND, INSPECTION_LIMIT, List.of()) {
                @Override
                public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
                    Disposition disposition = super.onMessage(tag, length, buffer, index, available);
                    if (tag == FrontendTag.TERMINATE) {
                        scanner.close();
                    }
                    return disposition;
                }
            };

            byte[] unread = fragmenter.feed(stream, in -> scanner.scan(in, recorder));

            assertThat(unread).isEmpty();
            assertThat(recorder.events)
                    .doesNotContain("break")
                    .filteredOn(event -> event.startsWith("S"))
                    .hasSize(1);
            recorder.collect();
        }
    }

    @Test
    void releasesWhatItKeptWhenClosed() {
        byte[] stream = bytes(out -> FrontendWriter.query(out, "select 1"));

        scan(fromFrontend, Recorder.forwarding(Direction.FROM_FRONTEND), Arrays.copyOf(stream, 8));
        fromFrontend.close();
        fromFrontend.close();

        assertThat(fromFrontend.isQuiet()).isTrue();
    }

    /** Scans bytes that a socket delivered in one piece. */
    private static void scan(MessageScanner scanner, Recorder recorder, byte[] stream) {
        Fragmenter.whole().feed(stream, in -> scanner.scan(in, recorder));
    }

    private static byte[] bytes(Consumer<ByteBuf> writer) {
        ByteBuf out = ByteBufAllocator.DEFAULT.buffer();
        try {
            writer.accept(out);
            return ByteBufUtil.getBytes(out);
        } finally {
            out.release();
        }
    }
}
