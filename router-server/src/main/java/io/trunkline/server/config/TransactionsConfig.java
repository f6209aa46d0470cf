// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;

/** What becomes of transactions over several shards that a router left behind. */
public record TransactionsConfig(
        @Setting(
                value =
                        "Time between two looks at each shard's prepared transactions. The role of the probes has to be a superuser, or the one that prepared them, to end them.",
                byDefault = "10s",
                range = "100ms..1h")
        Duration recoveryInterval,

        @Setting(
                value =
                        "How long a transaction over several shards may stand prepared before it is decided by whoever finds it: it is rolled back unless a commit was decided.",
                byDefault = "30s",
                range = "1s..1d")
        Duration recoveryAfter,

        @Setting(
                value =
                        "How long ZooKeeper may take to keep a decision; after that the outcome is unknown until it is asked again.",
                byDefault = "10s",
                range = "100ms..10min")
        Duration decisionTimeout) {}
