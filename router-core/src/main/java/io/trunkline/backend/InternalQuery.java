// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One simple query of the router's own on a backend nobody else holds: collects the text rows, within a limit. */
final class InternalQuery implements BackendHolder {
    /** Bytes of replies that are kept at most; a longer answer is an error. */
    static final int REPLY_BYTES_MAX = 64 * 1024 * 1024;

    private final BackendConnection backend;
    private final int rowsMax;
    private final BackendConnection.QueryListener listener;
    private final ByteBuf replies = Unpooled.buffer(256);
    private boolean overflow;

    InternalQuery(BackendConnection backend, int rowsMax, BackendConnection.QueryListener listener) {
        this.backend = backend;
        this.rowsMax = rowsMax;
        this.listener = listener;
    }

    @Override
    public void onRun(ByteBuf buffer, int index, int length) {
        if (replies.readableBytes() + length > REPLY_BYTES_MAX) {
            overflow = true;
        } else {
            replies.writeBytes(buffer, index, length);
        }
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
        backend.detach(this);
        if (overflow) {
            listener.onError(RouterErrors.internalReplyTooLong(REPLY_BYTES_MAX).response());
            return;
        }
        List<List<@Nullable String>> rows = new ArrayList<>();
        while (replies.isReadable()) {
            int index = replies.readerIndex();
            byte tag = replies.getByte(index);
            int end = index + 1 + replies.getInt(index + 1);
            if (tag == BackendTag.ERROR_RESPONSE) {
                listener.onError(ErrorResponse.parse(replies, index, end - index));
                return;
            }
            if (tag == BackendTag.ROW_DESCRIPTION) {
                rows.clear();
            } else if (tag == BackendTag.DATA_ROW) {
                if (rows.size() >= rowsMax) {
                    listener.onError(
                            RouterErrors.internalReplyTooLong(REPLY_BYTES_MAX).response());
                    return;
                }
                rows.add(readRow(index + 5));
            }
            replies.readerIndex(end);
        }
        listener.onRows(rows);
    }

    private List<@Nullable String> readRow(int at) {
        int columns = replies.getUnsignedShort(at);
        List<@Nullable String> row = new ArrayList<>(columns);
        int position = at + 2;
        for (int i = 0; i < columns; i++) {
            int length = replies.getInt(position);
            position += 4;
            if (length < 0) {
                row.add(null);
            } else {
                row.add(replies.toString(position, length, StandardCharsets.UTF_8));
                position += length;
            }
        }
        return row;
    }

    @Override
    public void onParameterStatus(String name, String value) {
        // the backend keeps what it reported; there is no client to tell
    }

    @Override
    public void onLost(ErrorResponse cause, boolean midMessage) {
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
