// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

/** How much of a message must be seen before it may pass. Which message gets which is the table of {@link FrontendTag} and {@link BackendTag}. */
public enum Verdict {
    /** Passes in pieces of any size; only its header is looked at. */
    STREAM,
    /** Its header alone decides; the body passes in pieces like that of {@link #STREAM}. */
    HEADER,
    /** Offered whole, or up to the inspection limit when it is larger. */
    BODY,
    /** Offered whole while logging in; a protocol violation afterwards. */
    LOGIN_ONLY,
    /** No message of this direction. */
    UNKNOWN
}
