// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendLimits;
import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.CancelEnd;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.backend.ReportedParameters;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The node's end of a real backend that answers as a server would, and now and then with a {@linkplain Lies lie}: a damaged, doubled, early,
 * random or missing reply.
 *
 * <p>A text that contains {@code refused} fails; BEGIN, COMMIT, ROLLBACK and COPY FROM STDIN are understood, anything else brings the rows it is
 * told to.
 */
public final class LyingServer {
    private final ScriptedBackend backend;
    private final Random random;
    private final int lieEvery;
    private final Function<String, List<List<@Nullable String>>> rows;
    private byte[] unread = {};
    private TransactionStatus status = TransactionStatus.IDLE;
    private boolean skipping;
    private boolean copying;

    /**
     * Takes the node's end of a backend over.
     *
     * @param lieEvery one answer of so many is a lie; 0 for none
     * @param rows what a query brings
     */
    public LyingServer(
            ScriptedBackend backend, Random random, int lieEvery, Function<String, List<List<@Nullable String>>> rows) {
        this.backend = backend;
        this.random = random;
        this.lieEvery = lieEvery;
        this.rows = rows;
        backend.serve(this::receive, () -> {});
    }

    /** Returns a connector to such servers. */
    public static BackendConnector connector(
            EventLoopClock loop, Random random, int lieEvery, Function<String, List<List<@Nullable String>>> rows) {
        return new BackendConnector() {
            @Override
            public void connect(BackendTarget target, Listener listener) {
                loop.execute(() -> {
                    ScriptedBackend backend = new ScriptedBackend(
                            loop,
                            target,
                            new BackendKey(1, new byte[4]),
                            ReportedParameters.NONE,
                            BackendLimits.DEFAULT);
                    new LyingServer(backend, random, lieEvery, rows);
                    listener.onConnected(backend.connection());
                });
            }

            @Override
            public void cancel(BackendConnection backend, Consumer<CancelEnd> ended) {
                loop.execute(() -> ended.accept(CancelEnd.DELIVERED));
            }
        };
    }

    private void receive(byte[] bytes) {
        unread = Inbound.concatenate(unread, bytes);
        ByteBuf out = Unpooled.buffer();
        int at = 0;
        while (unread.length - at >= 5) {
            int length = 1 + ByteBuffer.wrap(unread).getInt(at + 1);
            if (unread.length - at < length) {
                break;
            }
            char tag = (char) unread[at];
            byte[] body = Arrays.copyOfRange(unread, at + 5, at + length);
            byte[] truth = Lies.bytes(truly -> answer(truly, tag, body));
            boolean lies = lieEvery > 0 && random.nextInt(lieEvery) == 0;
            out.writeBytes(lies ? Lies.instead(random, truth) : truth);
            at += length;
        }
        unread = Arrays.copyOfRange(unread, at, unread.length);
        byte[] reply = Arrays.copyOf(out.array(), out.writerIndex());
        Fragmenter pieces = random.nextBoolean() ? Fragmenter.whole() : Fragmenter.random(random.nextLong());
        backend.send(reply, pieces, random.nextBoolean());
        if (lieEvery > 0 && random.nextInt(200) == 0) {
            backend.die();
        }
    }

    private void answer(ByteBuf out, char tag, byte[] body) {
        if (copying) {
            endCopy(out, tag);
            return;
        }
        if (skipping && tag != 'S') {
            return;
        }
        switch (tag) {
            case 'Q' -> {
                run(out, new String(body, UTF_8));
                if (!copying) {
                    BackendWriter.readyForQuery(out, status);
                }
            }
            case 'P' -> {
                if (new String(body, UTF_8).contains("refused")) {
                    fail(out);
                    skipping = true;
                } else {
                    BackendWriter.parseComplete(out);
                }
            }
            case 'B' -> BackendWriter.bindComplete(out);
            case 'D' -> {
                if (body[0] == 'S') {
                    BackendWriter.parameterDescription(out, 23);
                }
                BackendWriter.noData(out);
            }
            case 'E' -> BackendWriter.commandComplete(out, "SELECT 0");
            case 'C' -> BackendWriter.closeComplete(out);
            case 'S' -> {
                skipping = false;
                BackendWriter.readyForQuery(out, status);
            }
            default -> {
                // Flush, Terminate, and what is left of a copy
            }
        }
    }

    private void endCopy(ByteBuf out, char tag) {
        if (tag == 'c') {
            BackendWriter.commandComplete(out, "COPY 1");
        } else if (tag == 'f') {
            fail(out);
        } else {
            return;
        }
        copying = false;
        BackendWriter.readyForQuery(out, status);
    }

    private void run(ByteBuf out, String text) {
        String sql = text.substring(0, text.length() - 1).toLowerCase(Locale.ROOT);
        if (sql.contains("refused")) {
            fail(out);
        } else if (sql.startsWith("copy")) {
            copying = true;
            BackendWriter.copyInResponse(out, 1);
        } else if (sql.startsWith("begin")) {
            status = TransactionStatus.IN_TRANSACTION;
            BackendWriter.commandComplete(out, "BEGIN");
        } else if (sql.startsWith("commit") || sql.equals("rollback")) {
            BackendWriter.commandComplete(out, status == TransactionStatus.IN_TRANSACTION ? sql : "ROLLBACK");
            status = TransactionStatus.IDLE;
        } else {
            List<List<@Nullable String>> result = rows.apply(text.substring(0, text.length() - 1));
            if (!result.isEmpty()) {
                BackendWriter.rowDescription(out, List.of("a"));
                result.forEach(row -> BackendWriter.dataRow(out, row));
            }
            BackendWriter.commandComplete(out, "SELECT " + result.size());
        }
    }

    private void fail(ByteBuf out) {
        if (status == TransactionStatus.IN_TRANSACTION) {
            status = TransactionStatus.FAILED;
        }
        BackendWriter.errorResponse(out, ErrorResponse.of(Severity.ERROR, SqlState.SYNTAX_ERROR, "no such thing"));
    }
}
