// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.DataRow;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One simple query of the router's own on a backend nobody else holds: collects the text rows, within a limit.
 *
 * <p>Whatever the node answers, no more is kept than the query may bring, and a message that is not what it says it is, or an answer beyond the
 * limit, loses the backend.
 */
final class InternalQuery implements BackendHolder {
    /** What an answer without rows may take: its longest message. */
    private static final int BASE_BYTES = 64 * 1024;

    /** What each row that is allowed may take on average, in memory. */
    private static final int ROW_BYTES = 320;

    /** What a value takes in memory beside its bytes: a string, its array and the reference to it. */
    private static final int VALUE_OVERHEAD_BYTES = 48;

    private static final int HEADER_BYTES = 5;

    private final BackendConnection backend;
    private final int rowsMax;
    private final int bytesMax;
    private final Cancellable deadline;
    private final BackendConnection.QueryListener listener;
    private final DataRow row = new DataRow();
    /** The beginning of a message that is not whole yet. On the heap: nobody has to release it. */
    private final ByteBuf unread = Unpooled.buffer(256);

    private final List<List<@Nullable String>> rows = new ArrayList<>();
    private int rowsBytes;
    private @Nullable ErrorResponse error;

    /**
     * Begins to collect.
     *
     * @param deadline loses the backend; cancelled by the answer and by the loss, and without effect on a backend that was closed meanwhile
     */
    InternalQuery(
            BackendConnection backend, int rowsMax, Cancellable deadline, BackendConnection.QueryListener listener) {
        this.backend = backend;
        this.rowsMax = rowsMax;
        this.bytesMax = BASE_BYTES + Math.multiplyExact(rowsMax, ROW_BYTES);
        this.deadline = deadline;
        this.listener = listener;
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        int position = index;
        int end = index + length;
        // Never more than one message is kept, so a long run costs no more than a short one.
        while (position < end && backend.isOpen()) {
            position += take(buffer, position, end - position);
        }
    }

    /** Takes the next bytes of the message under way, reads it once it is whole; returns how many were taken. */
    private int take(ByteBuf buffer, int index, int length) {
        int wanted = HEADER_BYTES;
        if (unread.readableBytes() >= HEADER_BYTES) {
            wanted = 1 + unread.getInt(1);
            if (wanted > bytesMax - rowsBytes) {
                tooLong();
                return length;
            }
        }
        int taken = Math.min(length, wanted - unread.readableBytes());
        unread.writeBytes(buffer, index, taken);
        if (unread.readableBytes() >= HEADER_BYTES && unread.readableBytes() == 1 + unread.getInt(1)) {
            onMessage(unread.getByte(0), unread.readableBytes());
            unread.clear();
        }
        return taken;
    }

    private void onMessage(byte tag, int bytes) {
        switch (tag) {
            case BackendTag.ERROR_RESPONSE -> {
                if (error == null) {
                    error = ErrorResponse.parse(unread, 0, bytes);
                }
            }
            case BackendTag.ROW_DESCRIPTION -> {
                rows.clear();
                rowsBytes = 0;
            }
            case BackendTag.DATA_ROW -> onRow(bytes);
            case BackendTag.NOTIFICATION_RESPONSE -> listener.onNotification(unread);
            default -> {
                // completions and notices
            }
        }
    }

    private void onRow(int bytes) {
        row.wrap(unread, 0, bytes);
        int columns = row.columnCount();
        rowsBytes += bytes + columns * VALUE_OVERHEAD_BYTES;
        if (rows.size() >= rowsMax || rowsBytes > bytesMax) {
            tooLong();
            return;
        }
        List<@Nullable String> values = new ArrayList<>(columns);
        for (int k = 0; k < columns; k++) {
            values.add(row.text(k));
        }
        rows.add(values);
    }

    private void tooLong() {
        backend.lose(RouterErrors.internalReplyTooLong(bytesMax));
    }

    @Override
    public void onSynthesized(ByteBuf messages) {
        messages.release();
    }

    @Override
    public void onReadyForQuery(TransactionStatus status, boolean failed) {
        // onQuiet follows at once: one query, one ReadyForQuery
    }

    @Override
    public void onQuiet() {
        deadline.cancel();
        backend.detach(this);
        if (error == null) {
            listener.onRows(rows);
        } else {
            listener.onError(error);
        }
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // the backend keeps what it reported; there is no client to tell
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
        deadline.cancel();
        listener.onError(cause);
    }

    @Override
    public void onReadComplete() {
        // nothing is written to a client
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // one short query
    }
}
