// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/**
 * Limits of one backend connection.
 *
 * @param inspectedBytesMax bytes of a message that are held to be looked at
 * @param expectedRepliesMax requests that may be unanswered at a time
 * @param statementsMax prepared statements kept on the backend; the least recently used is closed
 */
public record BackendLimits(int inspectedBytesMax, int expectedRepliesMax, int statementsMax) {
    /** The defaults. */
    public static final BackendLimits DEFAULT = new BackendLimits(1024 * 1024, 16_384, 500);
}
