// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import java.time.Duration;

/**
 * Limits on clients that have not logged in yet.
 *
 * @param loginTimeout from accept to the greeting, whatever the client sends meanwhile
 * @param unauthenticatedMaxPerLoop how many may be there on one event loop; beyond it the oldest is closed, so that a flood of silent
 *     connections does not keep out a client that logs in at once
 * @param tcpUserTimeout how long sent bytes may stay unacknowledged before the connection is given up; zero leaves it to the system
 */
public record FrontendSettings(Duration loginTimeout, int unauthenticatedMaxPerLoop, Duration tcpUserTimeout) {
    /** What most installations need. */
    public static final FrontendSettings DEFAULT =
            new FrontendSettings(Duration.ofSeconds(60), 1000, Duration.ofSeconds(30));

    public FrontendSettings {
        if (loginTimeout.isNegative() || loginTimeout.isZero()) {
            throw new IllegalArgumentException("loginTimeout " + loginTimeout + " (expected: more than 0)");
        }
        if (unauthenticatedMaxPerLoop < 1) {
            throw new IllegalArgumentException(
                    "unauthenticatedMaxPerLoop " + unauthenticatedMaxPerLoop + " (expected: at least 1)");
        }
    }
}
