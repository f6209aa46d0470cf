// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;

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

    /** Returns how it ends, and what can end it. */
    StatementEnd end();
}
