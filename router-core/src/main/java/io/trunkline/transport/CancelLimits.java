// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

/**
 * How many cancel requests are taken at once. One counts from when it has been read until it has been dealt
 * with, be its client still there or not.
 *
 * @param total from everywhere
 * @param perAddress from one address
 * @param forwards on their way to other routers
 */
public record CancelLimits(int total, int perAddress, int forwards) {
    /** What most installations need. */
    public static final CancelLimits DEFAULT = new CancelLimits(1000, 200, 100);

    /** Checks that each lets something through. */
    public CancelLimits {
        if (total < 1 || perAddress < 1 || forwards < 1) {
            throw new IllegalArgumentException(
                    "cancel limits " + total + ", " + perAddress + ", " + forwards + " (expected: at least 1 each)");
        }
    }
}
