// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/** What became of a cancel request. */
public enum CancelEnd {
    /** The other side has read the request and closed the connection, or closed it without: the signal is sent, or never will be. */
    DELIVERED,
    /** The other side was not reached. */
    NOT_SENT,
    /** The request is on its way, and the other side has not closed the connection in time: the signal may be sent whenever it gets to it. */
    UNCONFIRMED
}
