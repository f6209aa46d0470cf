// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.time.Instant;

/**
 * What a router tells of itself.
 *
 * @param id unique among the routers of the base path, and the same after a restart; letters, digits, {@code _}, {@code -}, {@code .}
 * @param address where clients connect, {@code host:port}
 * @param version the router's version
 * @param startedAt when the process started
 */
public record RouterInfo(String id, String address, String version, Instant startedAt) {
    /** Checks that the id can be the name of a znode. */
    public RouterInfo {
        if (!id.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
            throw new IllegalArgumentException("router id \"" + id
                    + "\" (expected: letters, digits, '_', '-' and '.', not starting with '-' or '.')");
        }
    }
}
