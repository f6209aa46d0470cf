// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.trunkline.wire.ErrorResponse;

/** One statement that runs on several shards, as the session sees it: it owns the leases from its beginning on, and tells a {@link ScatterClient}. */
public interface ScatteredRun {

    /** Begins; the client may hear the end from inside this call. */
    void start();

    /** Appends the ParameterDescription of the client's statement; once parsed. */
    void writeParameterDescription(ByteBuf out);

    /**
     * Appends the RowDescription of the client's statement, or NoData; once parsed.
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
