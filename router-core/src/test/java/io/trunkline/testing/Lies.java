// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** What a server that breaks the protocol may say: messages out of place, damaged, of random bytes, and bytes that are no message. */
public final class Lies {
    private static final String TAGS = "RSKZTDCENAtn123sIGHWVdcv";
    private static final int HEADER_BYTES = 5;
    private static final int[] EDGES = {0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff};

    private static final List<byte[]> MESSAGES = List.of(
            bytes(out -> BackendWriter.rowDescription(out, List.of("a", "b"))),
            bytes(out -> BackendWriter.dataRow(out, Arrays.asList("1", null, "three"))),
            bytes(out -> BackendWriter.parameterStatus(out, "client_encoding", "SJIS")),
            bytes(out -> BackendWriter.parameterStatus(out, "in_hot_standby", "on")),
            bytes(out -> BackendWriter.errorResponse(out, error(Severity.ERROR))),
            bytes(out -> BackendWriter.errorResponse(out, error(Severity.FATAL))),
            bytes(out -> BackendWriter.noticeResponse(out, error(Severity.NOTICE))),
            bytes(out -> BackendWriter.notificationResponse(out, 1, "channel", "payload")),
            bytes(out -> BackendWriter.commandComplete(out, "SELECT 1")),
            bytes(out -> BackendWriter.commandComplete(out, "ROLLBACK")),
            bytes(out -> BackendWriter.parameterDescription(out, 23, 25)),
            bytes(BackendWriter::parseComplete),
            bytes(BackendWriter::bindComplete),
            bytes(BackendWriter::closeComplete),
            bytes(BackendWriter::noData),
            bytes(BackendWriter::emptyQueryResponse),
            bytes(BackendWriter::portalSuspended),
            bytes(out -> BackendWriter.copyInResponse(out, 1)),
            bytes(out -> BackendWriter.copyOutResponse(out, 1)),
            bytes(out -> BackendWriter.copyData(out, new byte[] {'1', '\n'})),
            bytes(BackendWriter::copyDone),
            bytes(BackendWriter::authenticationOk),
            bytes(out -> BackendWriter.readyForQuery(out, TransactionStatus.IDLE)),
            bytes(out -> BackendWriter.readyForQuery(out, TransactionStatus.IN_TRANSACTION)),
            bytes(out -> BackendWriter.readyForQuery(out, TransactionStatus.FAILED)));

    private Lies() {}

    /** Returns what a writer writes. */
    public static byte[] bytes(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer();
        writer.accept(out);
        return Arrays.copyOf(out.array(), out.writerIndex());
    }

    private static ErrorResponse error(Severity severity) {
        return ErrorResponse.of(severity, SqlState.SYNTAX_ERROR, "a lie");
    }

    /** Returns one message that a server may send, at some time. */
    public static byte[] outOfPlace(Random random) {
        return MESSAGES.get(random.nextInt(MESSAGES.size())).clone();
    }

    /** Returns one message with its true length, the body changed in a few places or cut. */
    public static byte[] damaged(Random random, byte[] message) {
        byte[] damaged = message.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0 && damaged.length > HEADER_BYTES; changes--) {
            int index = HEADER_BYTES + random.nextInt(damaged.length - HEADER_BYTES);
            damaged[index] = (byte) (random.nextBoolean() ? EDGES[random.nextInt(EDGES.length)] : random.nextInt());
        }
        if (random.nextInt(4) == 0 && damaged.length > HEADER_BYTES) {
            damaged = Arrays.copyOf(damaged, HEADER_BYTES + random.nextInt(damaged.length - HEADER_BYTES));
            damaged[3] = (byte) (damaged.length - 1 >> 8);
            damaged[4] = (byte) (damaged.length - 1);
        }
        return damaged;
    }

    /** Returns one message of random bytes, with its true length and a tag that exists. */
    public static byte[] random(Random random) {
        byte[] body = new byte[random.nextInt(40)];
        random.nextBytes(body);
        return bytes(out -> out.writeByte(TAGS.charAt(random.nextInt(TAGS.length())))
                .writeInt(Integer.BYTES + body.length)
                .writeBytes(body));
    }

    /** Returns bytes that mean nothing. */
    public static byte[] noise(Random random) {
        byte[] noise = new byte[1 + random.nextInt(30)];
        random.nextBytes(noise);
        return noise;
    }

    /** Returns one lie about what would be true. */
    public static byte[] instead(Random random, byte[] truth) {
        return switch (random.nextInt(16)) {
            case 0, 1, 2, 3, 4, 5 -> truth.length == 0 ? outOfPlace(random) : damaged(random, truth);
            case 6, 7, 8 -> damaged(random, outOfPlace(random));
            case 9, 10 -> outOfPlace(random);
            case 11 -> random(random);
            case 12 -> bytes(out -> out.writeBytes(truth).writeBytes(truth));
            case 13 -> bytes(out -> out.writeBytes(outOfPlace(random)).writeBytes(truth));
            case 14 -> noise(random);
            default -> new byte[0];
        };
    }
}
