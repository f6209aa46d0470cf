// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.Workspace;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.postgresql.PostgreSQLContainer;

/** The router in front of the official image: another build of PostgreSQL than the fixture's, on another network. Skipped without Docker. */
@Testcontainers(disabledWithoutDocker = true)
class TestcontainersIT {
    @Container
    private static final PostgreSQLContainer POSTGRES = new PostgreSQLContainer("postgres:18")
            .withUsername(RouterUnderTest.USER)
            .withPassword(RouterUnderTest.PASSWORD)
            .withDatabaseName(TestTopologies.DATABASE);

    @Test
    void aDriverReachesTheContainerThroughTheRouter() throws Exception {
        Node node = new Node(
                "container",
                POSTGRES.getHost(),
                POSTGRES.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
                NodeRole.PRIMARY,
                Node.WEIGHT_DEFAULT,
                "");
        Cluster cluster =
                new Cluster("main", List.of(new Shard("only", List.of(node))), List.of(), List.of(), List.of());
        Topology topology =
                new Topology(1, List.of(cluster), List.of(new Database("app", "main", TestTopologies.DATABASE)));

        try (Workspace workspace = Workspace.create();
                RouterUnderTest router = RouterUnderTest.with(workspace, topology)
                        .set("probes.user", RouterUnderTest.USER)
                        .set("probes.password", RouterUnderTest.PASSWORD)
                        .start();
                Connection connection = router.connect("app");
                Statement statement = connection.createStatement()) {
            statement.execute("create table t (id int); insert into t values (1), (2)");
            try (ResultSet rows = statement.executeQuery("select count(*) from t")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getInt(1)).isEqualTo(2);
            }
        }
    }
}
