// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.relay.Relay;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.ProtocolViolation;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one client on their way to its session: scanned into messages, kept unread while the session cannot take the next one.
 *
 * <p>A message that must wait stays where it is and reading from the client stops; {@link #resume} offers it again. So what is kept is bounded
 * by what was in flight at that moment. Confined to the session's event loop.
 */
final class SessionInput implements MessageScanner.Listener {
    private final Session session;
    private final MessageScanner scanner;

    /** Bytes that were read but could not be taken yet; owned. */
    private @Nullable ByteBuf unread;
    /** The buffer being scanned; a message in any other buffer was cut by the end of one. */
    private @Nullable ByteBuf scanned;

    private boolean scanning;
    /** The message at the head of {@link #unread}, or cut in the scanner, could not be taken yet. */
    private boolean paused;
    /** The tag of a message too long to hold that waits for its way, 0 when there is none. */
    private byte longTag;
    /** Bytes at the beginning of a long message that were sent in another form already. */
    private int rewrittenBytes;
    /** Terminate was read: nothing after it counts. */
    private boolean ended;

    SessionInput(Session session, SessionLimits limits) {
        this.session = session;
        this.scanner = new MessageScanner(MessageScanner.Direction.FROM_FRONTEND, limits.inspectedBytesMax(), (int)
                Math.min(MessageScanner.LENGTH_MAX, Integer.BYTES + limits.messageBytesMax()));
    }

    void onBytes(ByteBuf in) {
        if (ended || session.isClosed()) {
            return;
        }
        if (paused) {
            keep(in);
            return;
        }
        scan(in);
        if (paused && !session.isClosed()) {
            unread = in.isReadable() ? in.readRetainedSlice(in.readableBytes()) : null;
            session.client.setReading(false);
        }
    }

    /** Keeps bytes for later: only what was in flight when reading was turned off, so bounded by the receive buffer. */
    private void keep(ByteBuf in) {
        ByteBuf waiting = unread;
        if (waiting == null) {
            unread = in.readRetainedSlice(in.readableBytes());
            return;
        }
        unread = session.client
                .allocator()
                .buffer(waiting.readableBytes() + in.readableBytes())
                .writeBytes(waiting)
                .writeBytes(in);
        waiting.release();
    }

    /** Offers the message that had to wait again, and goes on with what follows it. Does nothing while nothing waits or from inside a scan. */
    void resume() {
        if (scanning || !paused || !session.mayOfferAgain()) {
            return;
        }
        ByteBuf waiting = unread;
        unread = null;
        ByteBuf in = waiting == null ? Unpooled.EMPTY_BUFFER : waiting;
        scan(in);
        if (paused && in.isReadable() && !session.isClosed()) {
            unread = in;
        } else {
            in.release();
        }
        updateReading();
        session.onReadComplete();
    }

    /** Reads from the client while its messages can be taken and sent on. */
    void updateReading() {
        if (!ended && !session.isClosed()) {
            session.client.setReading(!paused && session.takesBytes());
        }
    }

    private void scan(ByteBuf in) {
        scanning = true;
        scanned = in;
        try {
            do {
                paused = false;
                longTag = 0;
                scanner.scan(in, this);
                // A long message was left where it is until its way was found; if that took no waiting it goes now.
            } while (paused && longTag != 0 && session.mayOfferAgain());
        } catch (ProtocolViolation violation) {
            session.onViolation(violation);
        } finally {
            scanning = false;
            scanned = null;
            Relay relay = session.state().relay();
            if (relay != null) {
                relay.endOfInput();
            }
            if (session.isClosed()) {
                scanner.close();
            }
        }
    }

    @Override
    public Disposition onMessage(byte tag, int length, ByteBuf buffer, int index, int available) {
        if (tag == FrontendTag.TERMINATE) {
            ended = true;
            session.onTerminate();
            return Disposition.SKIP;
        }
        if (tag != FrontendTag.COPY_DATA) {
            // COPY data passes as runs: what came before this message in the same read goes out first.
            scanner.emitRun(this);
        }
        longTag = 0;
        Request request = session.worker.request();
        request.set(tag, length, buffer, index, available);
        Disposition disposition = session.onRequest(request);
        paused = disposition == Disposition.PAUSE;
        return disposition;
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        Relay relay = session.state().relay();
        if (relay == null) {
            session.onRunningStatement(buffer, index, length);
            return;
        }
        int rewritten = Math.min(rewrittenBytes, length);
        rewrittenBytes -= rewritten;
        relay.stream(buffer, index + rewritten, length - rewritten);
        if (isCut(buffer)) {
            relay.endOfInput();
        }
        if (!relay.isWritable()) {
            session.client.setReading(false);
        }
    }

    @Override
    public void onBreak() {
        session.onLongMessageEnd();
    }

    /** The message being offered is too long to hold: it is offered again as soon as there is a relay it can stream to, or an error. */
    void offerAgain(byte tag) {
        longTag = tag;
    }

    /** Returns the tag of the long message that waits, or 0. */
    byte longTag() {
        return longTag;
    }

    /** The first bytes of the long message being offered were sent in another form. */
    void rewritten(int bytes) {
        rewrittenBytes = bytes;
    }

    /** Returns true when a buffer is not the one being scanned, so that it is released when the message has been handled. */
    boolean isCut(ByteBuf buffer) {
        return buffer != scanned;
    }

    boolean isScanning() {
        return scanning;
    }

    boolean isMidMessage() {
        return scanner.isMidMessage();
    }

    /** Returns true when the backend has the beginning of a message whose rest has not come. */
    boolean isMidForward() {
        return scanner.isMidForward();
    }

    /** What is still to come of a message that was being passed on is dropped. */
    void dropRest() {
        scanner.dropRest();
    }

    /** Returns true while a message waits for something other than its bytes. */
    boolean isPaused() {
        return paused;
    }

    /** Releases what is kept; the session is closed. */
    void close() {
        if (unread != null) {
            unread.release();
            unread = null;
        }
        if (!scanning) {
            scanner.close();
        }
    }
}
