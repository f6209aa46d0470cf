// SPDX-License-Identifier: Apache-2.0
package io.trunkline.twophase;

import io.trunkline.backend.BackendTarget;
import java.util.List;

/**
 * Where the prepared transactions of one shard are found.
 *
 * @param shard the shard's name
 * @param primary the primary of the shard, once for each database of the cluster; empty when there is no primary now
 */
public record ShardDatabases(String shard, List<BackendTarget> primary) {
    /** Copies the list. */
    public ShardDatabases {
        primary = List.copyOf(primary);
    }
}
