// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.time.Duration;

/** How shards are supplied with numbers of sequences over shards. */
public record SequencesConfig(
        @Setting(
                value =
                        "Time between two looks at the numbers that each shard has at hand; a tenth of it after a look that found half of them used. A shard that uses none keeps four blocks of each sequence, others what they use in four of these times.",
                byDefault = "1s",
                range = "100ms..1min")
        Duration supplyInterval) {}
