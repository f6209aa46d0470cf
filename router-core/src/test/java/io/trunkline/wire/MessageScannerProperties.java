// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.MessageScanner.Disposition;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** However a stream is cut, the same bytes leave and the listener is asked and told the same. */
@Case("M13")
class MessageScannerProperties {
    private static final String FRONTEND_TAGS = "QPBDECHSFdcfX";
    private static final String BACKEND_TAGS = "DdTtNAVGHWCESZ123nsIc";
    private static final int INSPECTION_LIMIT = 40;

    /** A stream, what the listener answers to its messages, and what must come of it. */
    private record Scenario(
            Direction direction, byte[] stream, List<Disposition> answers, List<String> meaning, byte[] forwarded) {}

    @Property(tries = 2000)
    void cuttingTheStreamChangesNothing(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Scenario scenario = scenario(random, 1 + random.nextInt(12));

        ByteBufLeaks.during(() -> {
            for (Fragmenter fragmenter : List.of(
                    Fragmenter.whole(),
                    Fragmenter.everyByte(),
                    Fragmenter.pieces(2 + random.nextInt(9)),
                    Fragmenter.random(seed))) {
                check(scenario, fragmenter);
            }
        });
    }

    @Example
    void cuttingTheStreamAtAnyOnePositionChangesNothing() throws Exception {
        for (long seed = 0; seed < 30; seed++) {
            Scenario scenario = scenario(new Random(seed), 8);

            ByteBufLeaks.during(() -> {
                for (int position = 1; position < scenario.stream.length; position++) {
                    check(scenario, Fragmenter.cutAt(position, scenario.stream.length));
                }
            });
        }
    }

    private static void check(Scenario scenario, Fragmenter fragmenter) {
        MessageScanner scanner = new MessageScanner(scenario.direction, INSPECTION_LIMIT, MessageScanner.LENGTH_MAX);
        Recorder recorder = new Recorder(scenario.direction, INSPECTION_LIMIT, scenario.answers);

        byte[] unread = fragmenter.feed(scenario.stream, in -> scanner.scan(in, recorder));
        for (int resumed = 0; unread.length > 0 || !scanner.isQuiet(); resumed++) {
            assertThat(resumed).as("scans it took to get past all pauses").isLessThan(1000);
            unread = unread.length > 0
                    ? Fragmenter.whole().feed(unread, in -> scanner.scan(in, recorder))
                    : resume(scanner, recorder);
        }

        assertThat(recorder.meaning).as(fragmenter.toString()).isEqualTo(scenario.meaning);
        assertThat(recorder.forwardedBytes()).as(fragmenter.toString()).isEqualTo(scenario.forwarded);
    }

    private static byte[] resume(MessageScanner scanner, Recorder recorder) {
        scanner.scan(Unpooled.EMPTY_BUFFER, recorder);
        return new byte[0];
    }

    /** Returns random messages with random answers and, worked out message by message, what must come of them. */
    private static Scenario scenario(Random random, int messages) {
        Direction direction = random.nextBoolean() ? Direction.FROM_FRONTEND : Direction.FROM_BACKEND;
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
        List<Disposition> answers = new ArrayList<>();
        List<String> meaning = new ArrayList<>();
        for (int i = 0; i < messages; i++) {
            byte[] message = message(random, direction);
            stream.writeBytes(message);
            while (random.nextInt(6) == 0) {
                answers.add(Disposition.PAUSE);
            }
            Disposition answer = Disposition.values()[random.nextInt(4)];
            answers.add(answer);
            byte tag = message[0];
            Verdict verdict = direction == Direction.FROM_FRONTEND ? FrontendTag.verdict(tag) : BackendTag.verdict(tag);
            int inspected = verdict == Verdict.BODY ? Math.min(message.length, INSPECTION_LIMIT) : 5;
            meaning.add((char) tag + " " + (message.length - 1) + " " + ByteBufUtil.hexDump(message, 0, inspected) + " "
                    + answer);
            if (answer.forwards()) {
                forwarded.writeBytes(message);
            }
            if (answer.breaks()) {
                meaning.add("break after " + forwarded.size());
            }
        }
        return new Scenario(direction, stream.toByteArray(), answers, meaning, forwarded.toByteArray());
    }

    private static byte[] message(Random random, Direction direction) {
        boolean fromFrontend = direction == Direction.FROM_FRONTEND;
        String tags = fromFrontend ? FRONTEND_TAGS : BACKEND_TAGS;
        byte tag = (byte) tags.charAt(random.nextInt(tags.length()));
        int lengthMax = fromFrontend ? FrontendTag.lengthMax(tag) : BackendTag.lengthMax(tag);
        // Mostly short, sometimes around the inspection limit, sometimes far above.
        int bodyMax = List.of(0, 3, 20, INSPECTION_LIMIT, 200).get(random.nextInt(5));
        byte[] body = new byte[Math.min(lengthMax - 4, bodyMax == 0 ? 0 : random.nextInt(bodyMax))];
        random.nextBytes(body);
        byte[] message = new byte[5 + body.length];
        message[0] = tag;
        message[4] = (byte) (4 + body.length);
        message[3] = (byte) (4 + body.length >> 8);
        System.arraycopy(body, 0, message, 5, body.length);
        return message;
    }
}
