// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

/**
 * What a demo is made of.
 *
 * @param port where the router listens for clients
 * @param shards number of shards
 * @param replicas of each shard
 * @param postgres major version
 * @param eventLoops the router's threads that carry traffic; 0 for one per processor
 */
record DemoOptions(int port, int shards, int replicas, int postgres, int eventLoops) {
    /** What the operators' port is above the clients' port, as far as that is free: 9432 beside 6432. */
    static final int ADMIN_PORT_DISTANCE = 3_000;
}
