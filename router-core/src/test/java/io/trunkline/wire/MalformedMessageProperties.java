// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What a message's bytes make of it depends on nothing that stands behind its frame: views never read what is not theirs. */
class MalformedMessageProperties {

    @Property(tries = 20_000)
    void nothingBehindTheFrameIsEverRead(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] message = mutated(random);
        int available = random.nextInt(4) == 0 ? 5 + random.nextInt(message.length - 4) : message.length;

        String behindZeros = readAll(message, available, (byte) 0);
        String behindOnes = readAll(message, available, (byte) 1);
        String behindHighs = readAll(message, available, (byte) 0xff);

        assertThat(behindOnes).isEqualTo(behindZeros);
        assertThat(behindHighs).isEqualTo(behindZeros);
    }

    /** Returns a valid message with a few bytes changed, its length still that of its bytes. */
    private static byte[] mutated(Random random) {
        List<byte[]> valid = List.of(
                Bytes.of(out -> FrontendWriter.query(out, "select 1")),
                Bytes.of(out -> FrontendWriter.parse(out, "s", "select $1", 23, 25)),
                Bytes.of(out -> FrontendWriter.bind(out, "p", "s", Arrays.asList("42", null, "text"))),
                Bytes.of(out -> FrontendWriter.execute(out, "p", 3)),
                Bytes.of(out -> FrontendWriter.describe(out, StatementOrPortal.Kind.STATEMENT, "s")),
                Bytes.of(out -> FrontendWriter.close(out, StatementOrPortal.Kind.PORTAL, "p")),
                Bytes.of(out -> BackendWriter.rowDescription(out, List.of("a", "b"))),
                Bytes.of(out -> BackendWriter.dataRow(out, Arrays.asList("1", null, "three"))),
                Bytes.of(out -> BackendWriter.parameterStatus(out, "TimeZone", "UTC")),
                Bytes.of(out -> BackendWriter.errorResponse(
                        out, ErrorResponse.of(Severity.ERROR, SqlState.SYNTAX_ERROR, "message"))),
                Bytes.of(out -> BackendWriter.commandComplete(out, "SELECT 1")),
                Bytes.of(out -> BackendWriter.authenticationSasl(out, List.of("SCRAM-SHA-256"))),
                Bytes.of(out -> BackendWriter.backendKeyData(out, new BackendKey(1, new byte[] {1, 2, 3, 4}))),
                Bytes.of(out -> BackendWriter.negotiateProtocolVersion(
                        out, new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of("_pq_.x")))));
        byte[] message = valid.get(random.nextInt(valid.size())).clone();
        for (int changes = random.nextInt(4); changes > 0 && message.length > 5; changes--) {
            byte[] values = {0, 1, 2, (byte) 0xff, 127, (byte) 0x80, (byte) random.nextInt(256)};
            message[5 + random.nextInt(message.length - 5)] = values[random.nextInt(values.length)];
        }
        if (random.nextInt(4) == 0) {
            message = Arrays.copyOf(message, 5 + random.nextInt(message.length - 4));
        }
        message[3] = (byte) (message.length - 1 >> 8);
        message[4] = (byte) (message.length - 1);
        return message;
    }

    private static String readAll(byte[] message, int available, byte behind) {
        ByteBuf in = Unpooled.buffer().writeBytes(new byte[] {1, 2, 3});
        in.writeBytes(message, 0, available);
        for (int i = 0; i < 300; i++) {
            in.writeByte(behind);
        }
        List<Object> read = new ArrayList<>();
        try {
            read(in, message[0], available, read);
        } catch (ProtocolViolation violation) {
            read.add(violation.getMessage());
        }
        return read.toString();
    }

    private static void read(ByteBuf in, byte tag, int available, List<Object> read) {
        switch (tag) {
            case 'Q' -> read.add(new Query().wrap(in, 3, available).sqlEnd());
            case 'P' -> {
                Parse parse = new Parse().wrap(in, 3, available);
                read.add(parse.name());
                read.add(parse.sqlEnd());
                for (int i = 0; i < parse.parameterTypeCount(); i++) {
                    read.add(parse.parameterType(i));
                }
            }
            case 'B' -> {
                Bind bind = new Bind().wrap(in, 3, available);
                read.addAll(List.of(bind.portal(), bind.statement(), bind.parameterCount()));
                for (int k = 0; k < bind.parameterCount(); k++) {
                    read.addAll(List.of(bind.parameterStart(k), bind.parameterLength(k), bind.parameterFormat(k)));
                }
                read.add(bind.resultFormat(0));
            }
            case 'D', 'C' -> {
                read.add(attempt(
                        () -> new StatementOrPortal().wrap(in, 3, available).name()));
                read.add(attempt(() -> new DataRow().wrap(in, 3, available).columnCount()));
                read.add(attempt(() -> CommandTag.read(in, 3, available)));
            }
            case 'E' -> {
                read.add(attempt(() -> new Execute().wrap(in, 3, available).rowsMax()));
                read.add(attempt(() -> ErrorResponse.parse(in, 3, available)));
            }
            case 'T' -> read.add(new RowDescription().wrap(in, 3, available).columnCount());
            case 'S' -> read.add(new ParameterStatus().wrap(in, 3, available).value());
            case 'R' -> {
                read.add(Authentication.read(in, 3, available));
                read.add(Authentication.mechanisms(in, 3, available));
            }
            case 'K' -> read.add(BackendKey.read(in, 3, available).hashCode());
            case 'v' -> read.add(NegotiateProtocolVersion.read(in, 3, available));
            default -> throw new AssertionError(tag);
        }
    }

    private interface Reading {
        Object read();
    }

    private static Object attempt(Reading reading) {
        try {
            return reading.read();
        } catch (ProtocolViolation violation) {
            return violation.getMessage();
        }
    }
}
