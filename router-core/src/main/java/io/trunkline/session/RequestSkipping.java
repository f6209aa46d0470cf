// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.wire.FrontendTag;

/**
 * What of one client's messages is dropped because the router answered an error before it had read them.
 *
 * <p>A server that meets an error in an extended query reads and discards messages up to the Sync; where the error is the router's, so does
 * the router. Belongs to its {@link Session}; begins only while the session has no relay, for behind a relay the backend does the skipping.
 *
 * @see <a href="https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY">Extended query</a>
 */
final class RequestSkipping {
    private enum Extent {
        NOTHING,
        ONE_MESSAGE,
        UP_TO_SYNC
    }

    private Extent extent = Extent.NOTHING;

    /** Returns true when the next message is dropped. */
    boolean isActive() {
        return extent != Extent.NOTHING;
    }

    /** The next message is one Query or FunctionCall too long to hold, and was answered already. */
    void skipOneMessage() {
        extent = Extent.ONE_MESSAGE;
    }

    /** The rest of a group is void. */
    void skipUpToSync() {
        extent = Extent.UP_TO_SYNC;
    }

    /** The router answered a message with an error: the rest of its group is void, unless it was the last of it. */
    void skipBehind(Request refused) {
        if (!refused.endsGroup()) {
            skipUpToSync();
        }
    }

    /** Drops a message; returns true when it is the Sync that ends the group, which is owed a ReadyForQuery. */
    boolean drop(Request request) {
        boolean upToSync = extent == Extent.UP_TO_SYNC;
        boolean isSync = request.tag == FrontendTag.SYNC;
        if (!upToSync || isSync) {
            extent = Extent.NOTHING;
        }
        return upToSync && isSync;
    }
}
