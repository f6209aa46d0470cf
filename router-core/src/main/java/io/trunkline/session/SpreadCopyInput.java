// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.scatter.SpreadCopy;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.MessageScanner.Disposition;
import io.trunkline.wire.WireText;
import org.jspecify.annotations.Nullable;

/**
 * The client's messages while its COPY FROM runs on several shards: data, their end, and what a server passes over or ends the connection for.
 *
 * <p>By extended protocol the copy is over with the Sync behind its data: another statement before it would be in the same transaction, which is refused. Belongs to its
 * {@link ScatteredWork}.
 */
final class SpreadCopyInput {
    private static final int HEADER_BYTES = 5;

    private final Session session;
    private final SpreadCopy copy;
    /** The CopyFail that is being read, as far as it has come; empty before. */
    private ByteBuf failing = Unpooled.EMPTY_BUFFER;

    /** What a message of another kind fails the copy with, or null when none has come. */
    private @Nullable RouterError unexpected;

    private boolean readingFail;
    private boolean tookSync;

    SpreadCopyInput(Session session, SpreadCopy copy) {
        this.session = session;
        this.copy = copy;
    }

    /** Returns what becomes of a message. */
    Disposition onMessage(Request request) {
        if (copy.isBeginning()) {
            return Disposition.PAUSE;
        }
        return switch (request.tag) {
            case FrontendTag.COPY_DATA -> copy.isCopying() ? Disposition.FORWARD : Disposition.SKIP;
            case FrontendTag.COPY_DONE -> {
                if (copy.isCopying()) {
                    copy.onDone();
                    session.deadline.restart();
                }
                yield Disposition.SKIP;
            }
            case FrontendTag.COPY_FAIL -> {
                readingFail = copy.isCopying();
                yield readingFail ? Disposition.FORWARD_THEN_BREAK : Disposition.SKIP;
            }
            case FrontendTag.SYNC, FrontendTag.FLUSH -> copy.isCopying() ? Disposition.SKIP : behindData(request);
            default -> copy.isCopying() ? breakOff(request.tag) : behindData(request);
        };
    }

    private Disposition behindData(Request request) {
        if (!copy.isWaitingForSync()) {
            return Disposition.PAUSE;
        }
        if (request.tag == FrontendTag.SYNC) {
            tookSync = true;
            copy.onSync();
            return Disposition.SKIP;
        }
        if (request.tag == FrontendTag.FLUSH) {
            // Nothing is held back.
            return Disposition.SKIP;
        }
        Target.Refused refused = RouteRefusal.SCATTER_NOT_ALONE.because("its group goes on");
        session.worker.metrics().refused(refused.code());
        copy.end().fail(refused.error().response(), () -> {});
        return Disposition.PAUSE;
    }

    /** A server that comes to such a message ends the connection; it does not come to it when data before it were wrong, and takes it as any other then. */
    private Disposition breakOff(byte tag) {
        RouterError error = RouterErrors.unexpectedDuringCopy(tag);
        unexpected = error;
        copy.onUnexpected(error.response());
        return Disposition.PAUSE;
    }

    /** Returns true when the copy has failed by nothing but a message of another kind: there is no going on behind it. */
    boolean isBrokenBy(ErrorResponse error) {
        RouterError broken = unexpected;
        if (broken == null || broken.response() != error) {
            return false;
        }
        session.worker.metrics().error(broken);
        return true;
    }

    /** Bytes of messages that pass; borrowed. */
    void onRun(ByteBuf buffer, int index, int length) {
        if (readingFail) {
            failing = Unpooled.buffer(failing.readableBytes() + length)
                    .writeBytes(failing)
                    .writeBytes(buffer, index, length);
            return;
        }
        copy.onData(buffer, index, length);
        if (!copy.isWritable()) {
            session.client.setReading(false);
        }
    }

    /** The CopyFail has been read. */
    void onBreak() {
        if (readingFail) {
            readingFail = false;
            int end = Math.max(HEADER_BYTES, failing.writerIndex() - 1);
            copy.onFail(WireText.read(failing, HEADER_BYTES, end));
            session.deadline.restart();
        }
    }

    /** Returns true while the client is waited for. */
    boolean isAwaited() {
        return copy.isCopying() && copy.isWritable();
    }

    /** Returns true while a message of the client's may be taken. */
    boolean takesMessages() {
        return !copy.isBeginning();
    }

    boolean isWritable() {
        return copy.isWritable();
    }

    boolean isCopying() {
        return copy.isCopying();
    }

    /** Returns true when the Sync behind the data was read, which is owed a ReadyForQuery. */
    boolean tookSync() {
        return tookSync;
    }
}
