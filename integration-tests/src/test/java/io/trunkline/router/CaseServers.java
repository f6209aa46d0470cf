// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import java.util.List;

/**
 * One server with two routers in front of it, one with a single backend and one with four; either has a database for each pool mode.
 *
 * <p>Most cases of the catalogue can be tried on it: what a dialogue brings directly it must bring through both routers, in both modes, and with
 * each byte written by itself.
 */
final class CaseServers implements AutoCloseable {
    static final String TRANSACTION = "transaction";
    static final String SESSION = "session";

    private final PostgresCluster cluster;
    private final RouterUnderTest one;
    private final RouterUnderTest four;
    private final String[] before;

    private CaseServers(PostgresCluster cluster, RouterUnderTest one, RouterUnderTest four, String[] before) {
        this.cluster = cluster;
        this.one = one;
        this.four = four;
        this.before = before;
    }

    /**
     * Starts them.
     *
     * @param schema statements the superuser runs once
     * @param before statements the superuser runs ahead of each play of a dialogue
     */
    static CaseServers start(PostgresOptions options, List<String> schema, String... before) {
        PostgresCluster cluster = TestTopologies.start(options.replicas(0));
        cluster.primary().executeIn(TestTopologies.DATABASE, schema.toArray(String[]::new));
        return new CaseServers(cluster, router(cluster, 1), router(cluster, 4), before);
    }

    private static RouterUnderTest router(PostgresCluster cluster, int poolSize) {
        return RouterUnderTest.with(cluster.workspace(), TestTopologies.single(cluster, 1, TRANSACTION, SESSION))
                .set("defaults.pool_size", Integer.toString(poolSize))
                // A backend belongs to an event loop: on one loop, clients share it.
                .set("event_loops", "1")
                .set("databases.session.pool_mode", "session")
                .start();
    }

    /** Plays a dialogue on the server and through the routers, and asserts that it brings the same. */
    void assertSameAsDirect(Dialogue dialogue) {
        List<String> direct = play(dialogue, cluster.primary().port(), TestTopologies.DATABASE, false);

        for (RouterUnderTest router : List.of(one, four)) {
            assertThat(play(dialogue, router.port(), TRANSACTION, false))
                    .as("transaction mode")
                    .isEqualTo(direct);
            assertThat(play(dialogue, router.port(), SESSION, false))
                    .as("session mode")
                    .isEqualTo(direct);
        }
        assertThat(play(dialogue, one.port(), TRANSACTION, true))
                .as("byte by byte")
                .isEqualTo(direct);
    }

    private List<String> play(Dialogue dialogue, int port, String database, boolean sliced) {
        if (before.length > 0) {
            server().executeIn(TestTopologies.DATABASE, before);
        }
        return dialogue.play(port, database, sliced);
    }

    PostgresServer server() {
        return cluster.primary();
    }

    PostgresCluster cluster() {
        return cluster;
    }

    /** Returns the router that has one backend. */
    RouterUnderTest one() {
        return one;
    }

    /** Returns the router that has four backends. */
    RouterUnderTest four() {
        return four;
    }

    @Override
    public void close() {
        try (cluster;
                one;
                four) {
            // Both routers end before the server does.
        }
    }
}
