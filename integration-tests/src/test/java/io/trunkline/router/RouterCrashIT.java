// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A router that is killed leaves nothing running on the nodes, and nothing committed that was not. */
class RouterCrashIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void D17_nothingRunsOnBehindARouterThatIsGone() {
        try (PostgresCluster cluster = PostgresCluster.start(
                TestTopologies.trusting(PostgresOptions.newest().replicas(0)))) {
            TestTopologies.prepare(cluster);
            cluster.primary().executeIn(TestTopologies.DATABASE, "create table t (i int)", "grant all on t to public");
            RouterConfiguration configuration = RouterConfiguration.forTests();
            configuration.set("backend.client_connection_check_interval", "500ms");
            SmallRouter router = SmallRouter.start(cluster, configuration);
            WireClient sleeping = router.connect();
            WireClient writing = router.connect();
            sleeping.send(ClientMessage.query("select pg_sleep(300)"));
            writing.query("begin; insert into t values (1)");
            await().atMost(LIMIT).until(() -> "2".equals(busy(cluster)));

            router.kill();

            await().atMost(LIMIT).until(() -> "0".equals(busy(cluster)));
            try (WireClient direct = WireClient.connect(cluster.primary().port(), TestTopologies.DATABASE)) {
                assertThat(direct.ask("select count(*) from t")).isEqualTo("0");
            }
            sleeping.abort();
            writing.abort();
        }
    }

    private static @Nullable String busy(PostgresCluster cluster) {
        return cluster.primary()
                .queryText("select count(*) from pg_stat_activity where usename = '" + RouterUnderTest.TRUSTED_USER
                        + "' and state <> 'idle'");
    }
}
