// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.LyingServer;
import io.trunkline.testing.VirtualClock;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Whatever nodes answer to probes, probing goes on. */
class LyingProbeProperties {
    private static final List<@Nullable String> PRIMARY =
            Arrays.asList("f", "7", "000000010000000000000001", "1", "0/1000", "f");

    @Property(tries = 40)
    void probesGoOnWhateverNodesAnswer(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            VirtualClock time = new VirtualClock();
            EventLoopClock loop = time.newLoop();
            List<ShardStatus> told = new ArrayList<>();
            int[] probes = new int[1];
            ClusterMonitor monitor = new ClusterMonitor(
                    "c",
                    loop,
                    LyingServer.connector(loop, random, 2 + random.nextInt(3), sql -> {
                        probes[0]++;
                        return List.of(row(random));
                    }),
                    HealthSettings.defaults("postgres", "probe"),
                    RouterMetrics.NONE,
                    (cluster, status) -> told.add(status));
            monitor.onTopology(cluster());

            time.advance(Duration.ofMinutes(2));
            int before = probes[0];
            time.advance(Duration.ofMinutes(2));
            monitor.close();
            time.runDue();

            assertThat(probes[0]).isGreaterThan(before + 10);
            assertThat(told).isNotEmpty();
        });
    }

    /** Returns what a primary answers, with a column that makes no sense at times. */
    private static List<@Nullable String> row(Random random) {
        List<@Nullable String> row = new ArrayList<>(PRIMARY);
        if (random.nextInt(4) == 0) {
            String[] values = {null, "", "t", "-1", "0/", "/", "ffffffffffffffff", "9".repeat(30), "\n"};
            row.set(random.nextInt(row.size()), values[random.nextInt(values.length)]);
        }
        return row;
    }

    private static Cluster cluster() {
        List<Node> nodes =
                List.of(new Node("a", "a", 5432, NodeRole.AUTO, 1, ""), new Node("b", "b", 5432, NodeRole.AUTO, 1, ""));
        return new Cluster("c", List.of(new Shard("s", nodes)), List.of(), List.of(), List.of());
    }
}
