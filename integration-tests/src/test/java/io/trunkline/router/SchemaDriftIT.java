// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.testing.Case;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.ShardedTable;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A router says while it runs that its shards do not define the same. */
class SchemaDriftIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String DIFFERENCES = "trunkline_schema_differences{cluster=\"sharded\",shard=\"s1\"}";

    @Test
    @Case("H19")
    void countsWhatDiffersUntilItIsMended() {
        try (ShardedCluster shards = ShardedCluster.start(
                2, TestTopologies.trusting(PostgresOptions.newest().replicas(0)))) {
            shards.shards().forEach(shard -> {
                TestTopologies.prepare(shard);
                shard.primary()
                        .executeIn(
                                TestTopologies.DATABASE,
                                "create table t (k int8, n int)",
                                "create function f(int) returns int language sql as 'select $1'");
            });
            try (RouterUnderTest router = RouterUnderTest.with(
                            shards.workspace(),
                            TestTopologies.sharded(
                                    shards,
                                    1,
                                    List.of(new Distribution("k", KeyType.INT8, HashSlots.evenly(16, 2))),
                                    List.of(new ShardedTable("public", "t", "k", "k")),
                                    List.of(),
                                    "app"))
                    .start()) {
                await().atMost(LIMIT)
                        .untilAsserted(
                                () -> assertThat(router.get("/metrics").body()).contains(DIFFERENCES + " 0.0"));

                shards.shard(1)
                        .primary()
                        .executeIn(
                                TestTopologies.DATABASE,
                                "alter table t alter column n type int8",
                                "create or replace function f(int) returns int language sql as 'select $1 + 1'",
                                "create table other (i int)");
                await().atMost(LIMIT)
                        .untilAsserted(
                                () -> assertThat(router.counted(DIFFERENCES)).isEqualTo(3));

                shards.shard(1)
                        .primary()
                        .executeIn(
                                TestTopologies.DATABASE,
                                "alter table t alter column n type int",
                                "create or replace function f(int) returns int language sql as 'select $1'",
                                "drop table other");
                await().atMost(LIMIT)
                        .untilAsserted(
                                () -> assertThat(router.counted(DIFFERENCES)).isZero());
            }
        }
    }
}
