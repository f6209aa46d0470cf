// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.error.RouterError;

/** What a failed attempt to connect means for those who wait. */
final class ConnectFailure {
    private ConnectFailure() {}

    /**
     * Returns true when the node answered and another attempt will be answered alike: a wrong password, no such database, no permission.
     * False for everything that passes by itself: not reachable (class 08), too many connections (53), starting up or shutting down (57), trouble
     * with its system (58, XX). Decided by SQLSTATE, never by text, which the node may translate.
     */
    static boolean isLasting(RouterError error) {
        String sqlState = error.response().sqlState();
        return !(sqlState.startsWith("08")
                || sqlState.startsWith("53")
                || sqlState.startsWith("57")
                || sqlState.startsWith("58")
                || sqlState.startsWith("XX"));
    }
}
