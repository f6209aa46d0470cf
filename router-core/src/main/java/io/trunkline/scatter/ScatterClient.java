// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ErrorResponse;

/** Who asked; hears everything on the event loop. */
public interface ScatterClient {
    /** The text has been understood by a server: of an extended query, its Parse has succeeded. */
    void onParsed(RunningStatement statement);

    /** Every shard has begun: rows follow, and no other error than one that a running query may meet. */
    void onStarted(RunningStatement statement);

    /** Rows, as whole messages; consumed. */
    void onRows(ByteBuf rows);

    /** A notice of the first shard, whole; borrowed. */
    void onNotice(ByteBuf notice);

    /** Returns false while no rows are taken. */
    boolean takesRows();

    /** The limit of Execute was reached within a transaction: {@link #onComplete} follows, and this may be gone on with; handed over. */
    void onSuspended(SuspendedQuery rest);

    /**
     * All rows were passed on, a write is committed, and all backends given back.
     *
     * @param tag of its CommandComplete
     * @param suspended whether the limit of Execute was reached
     */
    void onComplete(String tag, boolean suspended);

    /** The query cannot be answered exactly; {@link #onFailed} follows. */
    void onRefused(String code);

    /** The query failed; {@link #onOver} follows. */
    void onFailed(ErrorResponse error);

    /** After a failure all backends have been given back. */
    void onOver();

    /** A backend was lost while nothing of the answer had been passed on: all have been given back, and the query may be tried again. */
    void onLostUnanswered(String node, ErrorResponse cause);

    /** All bytes that were there have been read: a good moment to flush. */
    void flush();
}
