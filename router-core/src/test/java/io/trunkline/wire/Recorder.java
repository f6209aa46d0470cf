// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.MessageScanner.Disposition;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A listener that answers as it was told, message by message, and writes down all it is called with. */
class Recorder implements MessageScanner.Listener {
    /** The inspection limit of scanners whose recorder is not told another. */
    static final int INSPECTION_LIMIT = 64;

    /** Messages, runs and breaks in order. */
    final List<String> events = new ArrayList<>();
    /** Messages, breaks and where they fall in the forwarded bytes: what must not depend on the buffers. */
    final List<String> meaning = new ArrayList<>();

    final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
    final List<ByteBuf> kept = new ArrayList<>();

    private final Queue<Disposition> answers = new ArrayDeque<>();
    private final Direction direction;
    private final int inspectionLimit;

    Recorder(Direction direction, int inspectionLimit, List<Disposition> answers) {
        this.direction = direction;
        this.inspectionLimit = inspectionLimit;
        this.answers.addAll(answers);
    }

    /** Answers FORWARD to everything. */
    static Recorder forwarding(Direction direction) {
        return new Recorder(direction, INSPECTION_LIMIT, List.of());
    }

    @Override
    public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        assertThatMessageStandsThere(tag, length, buffer, index, available);
        Disposition answer = answers.isEmpty() ? Disposition.FORWARD : answers.remove();
        String seen = (char) tag + " " + length;
        events.add(seen + " available " + available);
        if (answer != Disposition.PAUSE) {
            Verdict verdict = direction == Direction.FROM_FRONTEND ? FrontendTag.verdict(tag) : BackendTag.verdict(tag);
            // Of STREAM and HEADER messages more may be there, depending on the buffers.
            int stable = verdict == Verdict.BODY ? Math.min(length + 1, inspectionLimit) : 5;
            meaning.add(seen + " " + ByteBufUtil.hexDump(buffer, index, stable) + " " + answer);
        }
        return answer;
    }

    private static void assertThatMessageStandsThere(byte tag, int length, ByteBuf buffer, int index, int available) {
        if (available < 5 || available > length + 1 || index + available > buffer.writerIndex()) {
            throw new AssertionError("available " + available + " of length " + length);
        }
        if (buffer.getByte(index) != tag || buffer.getInt(index + 1) != length) {
            throw new AssertionError("no such message at " + index);
        }
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        events.add("run " + length);
        if (length <= 0) {
            throw new AssertionError("empty run");
        }
        kept.add(buffer.retainedSlice(index, length));
    }

    @Override
    public void onBreak() {
        events.add("break");
        collect();
        meaning.add("break after " + forwarded.size());
    }

    /** Moves what was kept to {@link #forwarded}, as a socket would some time later. */
    void collect() {
        for (ByteBuf run : kept) {
            forwarded.writeBytes(ByteBufUtil.getBytes(run));
            run.release();
        }
        kept.clear();
    }

    byte[] forwardedBytes() {
        collect();
        return forwarded.toByteArray();
    }
}
