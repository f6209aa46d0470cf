// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import java.time.Duration;

/**
 * Limits of one backend connection.
 *
 * @param inspectedBytesMax bytes of a message that are held to be looked at
 * @param expectedRepliesMax requests that may be unanswered at a time
 * @param statementsMax prepared statements kept on the backend; the least recently used is closed
 * @param ownStatement how long a statement of the router's own may take before the backend is lost
 */
public record BackendLimits(int inspectedBytesMax, int expectedRepliesMax, int statementsMax, Duration ownStatement) {
    /** The defaults. */
    public static final BackendLimits DEFAULT = new BackendLimits(1024 * 1024, 16_384, 500, Duration.ofSeconds(15));
}
