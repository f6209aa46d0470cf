// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Walks one direction of a connection's byte stream after startup: shows each message to a listener, which says whether it passes, and hands
 * on what passes in the longest possible pieces. It knows where messages begin and end, and nothing of what they mean.
 *
 * <p>Consecutive forwarded messages of one buffer, a trailing partial one included, leave as one <em>run</em>, so that a stream of rows costs
 * one slice per socket read. Only a header cut by the end of a buffer, and a message that must be seen whole ({@link Verdict#BODY}), is
 * ever copied, the latter up to the inspection limit; a larger one is shown as a prefix of that size and the rest streams. How the stream
 * is cut into buffers changes nothing but the cutting of the runs. Nothing is allocated unless a message is cut.
 *
 * <p>One per direction of a session or backend; confined to its event loop. A listener may call any method from inside a callback but
 * {@link #scan}.
 */
public final class MessageScanner {
    /** Who sends. */
    public enum Direction {
        /** A client, see {@link FrontendTag}. */
        FROM_FRONTEND,
        /** A server, see {@link BackendTag}. */
        FROM_BACKEND
    }

    /** What becomes of a message. */
    public enum Disposition {
        /** It passes. */
        FORWARD,
        /** It is dropped. */
        SKIP,
        /** It passes, and the listener is told once it has passed completely. */
        FORWARD_THEN_BREAK,
        /** It is dropped, and the listener is told once it has been dropped completely. */
        SKIP_THEN_BREAK,
        /** It stays, and so does all that follows; the next scan offers it again. */
        PAUSE;

        boolean forwards() {
            return this == FORWARD || this == FORWARD_THEN_BREAK;
        }

        boolean breaks() {
            return this == FORWARD_THEN_BREAK || this == SKIP_THEN_BREAK;
        }
    }

    /** How closely messages are looked at. */
    public enum Attention {
        /** As {@link FrontendTag} and {@link BackendTag} say. */
        BY_TABLE,
        /** Every message is offered whole, within the inspection limit: the router reads an answer to a question of its own. */
        EVERYTHING,
        /** Like {@link #EVERYTHING}, and the messages of authentication are legal. */
        LOGIN
    }

    /** Decides about messages and takes what passes. */
    public interface Listener {
        /**
         * A message begins ({@link Verdict#STREAM}, {@link Verdict#HEADER}) or is whole ({@link Verdict#BODY}).
         *
         * @param length the int32 on the wire: it counts itself but not the tag, so the whole message has {@code length + 1} bytes
         * @param buffer where the message stands; borrowed
         * @param index the index of its tag
         * @param available how many of its bytes stand in the buffer from {@code index} on: for BODY {@code length + 1}, or exactly the
         *     inspection limit when the message is larger; else at least 5
         */
        Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available);

        /** Forwarded bytes, which may begin and end inside messages. To keep or write them, take a {@code retainedSlice}. */
        void onRun(ByteBuf buffer, int index, int length);

        /** A message that was to be followed by a break has passed completely, and its run was handed over. */
        void onBreak();
    }

    /** The largest length a PostgreSQL can give a message it sends: its buffers end at MaxAllocSize, 1 GB - 1. */
    public static final int LENGTH_MAX = 0x4000_0002;

    /** What a cut message's buffer begins with; most cut messages are headers. */
    private static final int ACCUMULATOR_BYTES = 256;

    private final Direction direction;
    private final int inspectionLimitBytes;
    private final int maxMessageBytes;

    private Attention attention = Attention.BY_TABLE;
    private boolean closed;

    /** The beginning of a message that the end of a buffer cut; owned by this scanner. */
    private @Nullable ByteBuf cut;
    /** How many bytes {@link #cut} must have before the message is offered. */
    private int cutTarget;

    /** What becomes of the rest of the message that was offered last. */
    private Disposition passing = Disposition.FORWARD;
    /** How many bytes that rest has. */
    private int remaining;

    /** The buffer being scanned; null outside {@link #scan}. */
    private @Nullable ByteBuf scanned;
    /** Bytes of {@link #scanned} from here up to its reader index are forwarded and not handed over yet. */
    private int runStart;

    /**
     * Creates a scanner at the beginning of a message.
     *
     * @param inspectionLimitBytes how much of a BODY message is kept in memory and shown at most, at least 5
     * @param maxMessageBytes the largest value of a length field, at most {@link #LENGTH_MAX}; the table of the direction may set a lower
     *     one
     */
    public MessageScanner(Direction direction, int inspectionLimitBytes, int maxMessageBytes) {
        if (inspectionLimitBytes < Frame.HEADER_BYTES) {
            throw new IllegalArgumentException("inspection limit " + inspectionLimitBytes + " (expected: 5 or more)");
        }
        if (maxMessageBytes < Frame.LENGTH_MIN || maxMessageBytes > LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "message limit " + maxMessageBytes + " (expected: 4.." + LENGTH_MAX + ")");
        }
        this.direction = direction;
        this.inspectionLimitBytes = inspectionLimitBytes;
        this.maxMessageBytes = maxMessageBytes;
    }

    /** Changes how closely the messages to come are looked at; one already cut by the end of a buffer included unless its header was read. */
    public void attend(Attention attention) {
        this.attention = attention;
    }

    /**
     * Consumes a buffer up to its end or to a {@link Disposition#PAUSE}, by advancing its reader index. Does not release it. What is left
     * after a pause belongs in front of what is scanned next. With an empty buffer it resumes after a pause.
     *
     * @throws ProtocolViolation at a message that is none, once everything before it is handed over; the scanner is of no use afterwards
     */
    public void scan(ByteBuf in, Listener listener) {
        assert scanned == null : "scan called from inside a callback";
        scanned = in;
        runStart = in.readerIndex();
        try {
            while (!closed && advance(in, listener)) {
                // Each step consumes bytes or ends the scan.
            }
            emitRun(listener);
        } catch (ProtocolViolation violation) {
            emitRun(listener);
            throw violation;
        } finally {
            scanned = null;
            if (closed) {
                in.readerIndex(in.writerIndex());
            }
        }
    }

    /** Takes one step; returns false when the buffer is used up or the listener paused. */
    private boolean advance(ByteBuf in, Listener listener) {
        if (remaining > 0) {
            return passRest(in, listener);
        }
        if (cut != null) {
            return completeCut(cut, in, listener);
        }
        int index = in.readerIndex();
        int readable = in.writerIndex() - index;
        if (readable < Frame.HEADER_BYTES) {
            return readable > 0 && beginCut(in, Frame.HEADER_BYTES, listener);
        }
        byte tag = in.getByte(index);
        int length = in.getInt(index + 1);
        int target = inspectedBytes(tag, length);
        if (target > readable) {
            return beginCut(in, target, listener);
        }
        int available = target > Frame.HEADER_BYTES ? target : Math.min(readable, length + 1);
        Disposition disposition = listener.onMessage(tag, length, in, index, available);
        if (disposition == Disposition.PAUSE) {
            return false;
        }
        passing = disposition;
        remaining = length + 1;
        return closed || passRest(in, listener);
    }

    /** Lets as much of the current message pass as the buffer has. */
    private boolean passRest(ByteBuf in, Listener listener) {
        int step = Math.min(remaining, in.readableBytes());
        if (passing.forwards()) {
            in.skipBytes(step);
        } else {
            emitRun(listener);
            in.skipBytes(step);
            runStart = in.readerIndex();
        }
        remaining -= step;
        if (remaining > 0) {
            return false;
        }
        breakIfAsked(listener);
        return true;
    }

    private void breakIfAsked(Listener listener) {
        if (passing.breaks()) {
            emitRun(listener);
            if (!closed) {
                listener.onBreak();
            }
        }
    }

    /** Keeps the beginning of a message whose inspected part goes beyond the buffer; always returns false, the buffer is used up. */
    private boolean beginCut(ByteBuf in, int target, Listener listener) {
        emitRun(listener);
        if (!closed) {
            ByteBuf beginning = in.alloc().buffer(Math.min(target, ACCUMULATOR_BYTES));
            cut = beginning;
            cutTarget = target;
            moveIntoCut(beginning, in, target);
        }
        return false;
    }

    private void moveIntoCut(ByteBuf beginning, ByteBuf in, int target) {
        beginning.writeBytes(in, Math.min(target - beginning.readableBytes(), in.readableBytes()));
        runStart = in.readerIndex();
    }

    /** Adds to a cut message; offers it when enough of it is there. */
    private boolean completeCut(ByteBuf message, ByteBuf in, Listener listener) {
        moveIntoCut(message, in, cutTarget);
        if (message.readableBytes() < cutTarget) {
            return false;
        }
        byte tag = message.getByte(0);
        int length = message.getInt(1);
        if (cutTarget == Frame.HEADER_BYTES) {
            cutTarget = inspectedBytes(tag, length);
            moveIntoCut(message, in, cutTarget);
            if (message.readableBytes() < cutTarget) {
                return false;
            }
        }
        // Taken out of the field, so that a listener that closes the scanner does not release it under its own feet.
        cut = null;
        Disposition disposition = Disposition.SKIP;
        try {
            disposition = listener.onMessage(tag, length, message, 0, cutTarget);
            if (disposition == Disposition.PAUSE || closed) {
                return false;
            }
            passing = disposition;
            remaining = length + 1 - cutTarget;
            if (disposition.forwards()) {
                listener.onRun(message, 0, cutTarget);
            }
        } finally {
            if (disposition == Disposition.PAUSE && !closed) {
                cut = message;
            } else {
                message.release();
            }
        }
        if (remaining == 0 && !closed) {
            breakIfAsked(listener);
        }
        return true;
    }

    /** Returns how many bytes of a message must be there before it is offered. */
    private int inspectedBytes(byte tag, int length) {
        boolean fromFrontend = direction == Direction.FROM_FRONTEND;
        Verdict verdict = fromFrontend ? FrontendTag.verdict(tag) : BackendTag.verdict(tag);
        if (verdict == Verdict.UNKNOWN || verdict == Verdict.LOGIN_ONLY && attention != Attention.LOGIN) {
            throw ProtocolViolation.fatal(
                    "invalid " + (fromFrontend ? "frontend" : "backend") + " message type " + (tag & 0xff));
        }
        int lengthMax =
                fromFrontend ? FrontendTag.lengthMax(tag) : Math.min(maxMessageBytes, BackendTag.lengthMax(tag));
        if (length < Frame.LENGTH_MIN || length > lengthMax) {
            throw ProtocolViolation.fatal(
                    SqlState.PROTOCOL_VIOLATION,
                    "invalid message length",
                    "A message of type " + (tag & 0xff) + " has length " + length + " (expected: 4.." + lengthMax
                            + ").");
        }
        if (length > maxMessageBytes) {
            // What PostgreSQL would take, but the router is not to.
            throw ProtocolViolation.fatal(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "message is longer than it may be",
                    "It has " + (length - Integer.BYTES) + " bytes (limit: " + (maxMessageBytes - Integer.BYTES)
                            + ").");
        }
        return verdict == Verdict.BODY || attention != Attention.BY_TABLE
                ? Math.min(length + 1, inspectionLimitBytes)
                : Frame.HEADER_BYTES;
    }

    /**
     * Hands over what was forwarded so far of the current buffer, so that the listener can write bytes of its own before the message it is
     * being asked about. Does nothing when there is nothing, or outside {@link #scan}.
     */
    public void emitRun(Listener listener) {
        ByteBuf in = scanned;
        if (in == null || closed) {
            return;
        }
        int start = runStart;
        int end = in.readerIndex();
        if (end > start) {
            runStart = end;
            listener.onRun(in, start, end - start);
        }
    }

    /** Returns true when some but not all bytes of a message were forwarded or dropped. */
    public boolean isMidMessage() {
        return remaining > 0;
    }

    /** Returns true when the bytes handed over end within a message. */
    public boolean isMidForward() {
        return remaining > 0 && passing.forwards();
    }

    /** Drops what is still to come of a message that was being forwarded; nobody is told when it has passed. */
    public void dropRest() {
        passing = Disposition.SKIP;
    }

    /** Returns true at the boundary between two messages: nothing of a message was kept, forwarded or dropped without the rest of it. */
    public boolean isQuiet() {
        return remaining == 0 && cut == null;
    }

    /** Releases what was kept. Everything scanned afterwards, and the rest of a buffer being scanned, is dropped. Idempotent. */
    public void close() {
        closed = true;
        ByteBuf message = cut;
        if (message != null) {
            cut = null;
            message.release();
        }
    }
}
