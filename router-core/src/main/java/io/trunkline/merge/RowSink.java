// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.netty.buffer.ByteBuf;

/** Where merged rows go. May close the {@link MergedRows} it is called by. */
public interface RowSink {
    /** Takes one or more whole DataRow messages with their headers; consumed. */
    void rows(ByteBuf messages);

    /** Returns false while no rows are taken, for now; those that were taken before are on their way all the same. */
    boolean isOpen();
}
