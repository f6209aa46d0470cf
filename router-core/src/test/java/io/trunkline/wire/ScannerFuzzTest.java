// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.wire.MessageScanner.Attention;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.MessageScanner.Disposition;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Two million random frames, most of them malformed somewhere, each read by the view that fits its tag: nothing but {@link ProtocolViolation} may come of it.
 *
 * <p>The seed is fixed, so that every build checks the same; another one is a change of one constant.
 */
@ExtendWith(ByteBufLeaks.class)
class ScannerFuzzTest {
    private static final long SEED = 20261120;
    private static final int FRAMES = 2_000_000;
    private static final int INSPECTION_LIMIT = 48;

    /** Looks at every message as closely as the router ever does. */
    private static final class Reader implements MessageScanner.Listener {
        private final Random random;
        private final Direction direction;
        private final Query query = new Query();
        private final Parse parse = new Parse();
        private final Bind bind = new Bind();
        private final Execute execute = new Execute();
        private final StatementOrPortal statementOrPortal = new StatementOrPortal();
        private final RowDescription rowDescription = new RowDescription();
        private final DataRow dataRow = new DataRow();
        private final ParameterStatus parameterStatus = new ParameterStatus();
        private long messages;
        private long refused;
        private int pausesLeft;

        Reader(Random random, Direction direction) {
            this.random = random;
            this.direction = direction;
        }

        @Override
        public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
            messages++;
            try {
                if (direction == Direction.FROM_FRONTEND) {
                    readFrontend(tag, length, buffer, index, available);
                } else {
                    readBackend(tag, buffer, index, available);
                }
            } catch (ProtocolViolation violation) {
                refused++;
            }
            int choice = random.nextInt(64);
            if (choice == 63 && pausesLeft-- > 0) {
                return Disposition.PAUSE;
            }
            return Disposition.values()[choice & 3];
        }

        private void readFrontend(byte tag, int length, ByteBuf buffer, int index, int available) {
            switch (tag) {
                case FrontendTag.QUERY -> query.wrap(buffer, index, available).sqlEnd();
                case FrontendTag.PARSE -> {
                    parse.wrap(buffer, index, available).name();
                    for (int i = 0; i < parse.parameterTypeCount(); i++) {
                        parse.parameterType(i);
                    }
                    Parse.rewriteName(ByteBufAllocator.DEFAULT, buffer, index, length, new byte[] {'r'})
                            .release();
                }
                case FrontendTag.BIND -> {
                    bind.wrap(buffer, index, available);
                    Bind.rewriteStatement(ByteBufAllocator.DEFAULT, buffer, index, length, new byte[] {'r'})
                            .release();
                    bind.portal();
                    bind.statement();
                    for (int k = 0; k < bind.parameterCount(); k++) {
                        bind.parameterFormat(k);
                        buffer.getBytes(bind.parameterStart(k), new byte[Math.max(0, bind.parameterLength(k))]);
                    }
                    bind.resultFormat(0);
                }
                case FrontendTag.EXECUTE ->
                    execute.wrap(buffer, index, available).portal();
                case FrontendTag.DESCRIBE, FrontendTag.CLOSE ->
                    statementOrPortal.wrap(buffer, index, available).name();
                default -> {}
            }
        }

        private void readBackend(byte tag, ByteBuf buffer, int index, int available) {
            switch (tag) {
                case BackendTag.ROW_DESCRIPTION -> {
                    rowDescription.wrap(buffer, index, available);
                    for (int i = 0; i < rowDescription.columnCount(); i++) {
                        rowDescription.name(i);
                        rowDescription.format(i);
                    }
                }
                case BackendTag.DATA_ROW -> {
                    dataRow.wrap(buffer, index, available);
                    for (int k = 0; k < dataRow.columnCount(); k++) {
                        dataRow.text(k);
                    }
                }
                case BackendTag.PARAMETER_STATUS ->
                    parameterStatus.wrap(buffer, index, available).value();
                case BackendTag.ERROR_RESPONSE, BackendTag.NOTICE_RESPONSE ->
                    ErrorResponse.parse(buffer, index, available).severity();
                case BackendTag.READY_FOR_QUERY -> TransactionStatus.read(buffer, index, available);
                case BackendTag.COMMAND_COMPLETE ->
                    CommandTag.read(buffer, index, available).text();
                case BackendTag.AUTHENTICATION -> {
                    Authentication.read(buffer, index, available);
                    Authentication.mechanisms(buffer, index, available);
                }
                case BackendTag.BACKEND_KEY_DATA -> BackendKey.read(buffer, index, available);
                case BackendTag.NEGOTIATE_PROTOCOL_VERSION -> NegotiateProtocolVersion.read(buffer, index, available);
                default -> {}
            }
        }

        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            assertThat(length).isPositive();
            assertThat(index + length).isLessThanOrEqualTo(buffer.writerIndex());
        }

        @Override
        public void onBreak() {}
    }

    @Test
    void survivesTwoMillionRandomFrames() {
        Random random = new Random(SEED);
        long messages = 0;
        long refused = 0;
        long violations = 0;
        ByteBuf in = ByteBufAllocator.DEFAULT.buffer(1 << 16);
        while (messages < FRAMES) {
            Direction direction = random.nextBoolean() ? Direction.FROM_FRONTEND : Direction.FROM_BACKEND;
            MessageScanner scanner = new MessageScanner(direction, INSPECTION_LIMIT, 100_000);
            scanner.attend(Attention.values()[random.nextInt(3)]);
            Reader reader = new Reader(random, direction);
            try {
                for (int read = 0; read < 20; read++) {
                    in.clear();
                    frames(random, direction, in);
                    reader.pausesLeft = 3;
                    for (int scans = 0; in.isReadable() || scans == 0; scans++) {
                        assertThat(scans)
                                .as("a scan that neither ends nor pauses")
                                .isLessThan(10);
                        scanner.scan(in, reader);
                    }
                }
            } catch (ProtocolViolation violation) {
                violations++;
                assertThat(violation.isFatal()).isTrue();
            }
            scanner.close();
            messages += reader.messages;
            refused += reader.refused;
        }
        in.release();

        // The generator is worth something only if all three happen often.
        assertThat(refused).isBetween(messages / 20, messages * 19 / 20);
        assertThat(violations).isGreaterThan(1000);
    }

    /** Appends some frames, half of them of little sense, and cuts the last one short. */
    private static void frames(Random random, Direction direction, ByteBuf out) {
        String tags = direction == Direction.FROM_FRONTEND ? "QPBDECHSFdcfX" : "DTtNACESZ123nsIc";
        for (int i = 0; i < 200; i++) {
            byte tag = random.nextInt(4000) == 0
                    ? (byte) random.nextInt(256)
                    : (byte) tags.charAt(random.nextInt(tags.length()));
            int lengthMax =
                    direction == Direction.FROM_FRONTEND ? FrontendTag.lengthMax(tag) : BackendTag.lengthMax(tag);
            int start = Frame.begin(out, tag);
            for (int left = Math.min(Math.max(lengthMax - 4, 0), random.nextInt(60)); left > 0; left--) {
                // Zeros and small numbers make strings end and counts plausible.
                int kind = random.nextInt(8);
                out.writeByte(kind < 4 ? 0 : kind < 6 ? random.nextInt(5) : random.nextInt(256));
            }
            Frame.end(out, start);
            if (random.nextInt(8000) == 0) {
                out.setInt(start, random.nextInt());
            }
        }
        out.writerIndex(out.writerIndex() - random.nextInt(9));
    }
}
