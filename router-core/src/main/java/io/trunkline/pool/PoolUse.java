// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

/** What the backends of a pool are for; backends of different uses count apart, but for the limit of their node. */
public enum PoolUse {
    /** They change hands between sessions: {@code pool_size} is about these. */
    SESSIONS,
    /** They listen on behalf of many sessions, and are held for as long as one of those listens. */
    LISTENING
}
