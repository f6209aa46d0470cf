// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ErrorResponse;

/** A statement at work on several shards, as the session that sent it sees it. Confined to one event loop. */
public interface RunningStatement {
    /** Begins; the client may hear the end from inside this call. */
    void start();

    /** Appends the ParameterDescription of the client's statement; once parsed. */
    void writeParameterDescription(ByteBuf out);

    /**
     * Appends the RowDescription of the client's statement; once parsed.
     *
     * @param ofStatement whether a statement is described, whose formats are not known, or else its portal
     */
    void writeRowDescription(ByteBuf out, boolean ofStatement);

    /** Returns true when the client's statement returns rows; once parsed. */
    boolean returnsRows();

    /** The client takes rows again. */
    void onClientWritable();

    /** Returns true while what the client asks or any clock says comes too late: the outcome is being decided. */
    boolean isCommitting();

    /**
     * Ends it by an error of the router's, such as a timeout.
     *
     * @param delivered runs when the nodes have been asked to cancel what runs, or cannot be asked
     */
    void fail(ErrorResponse error, Runnable delivered);

    /** Returns true after a failure, until the backends are given back. */
    boolean isFailing();

    /** The nodes have not answered after a failure in time: gives up the backends. */
    void giveUp();

    /** The client is gone: ends everything, and tells nobody. */
    void abandon();
}
