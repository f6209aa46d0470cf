// SPDX-License-Identifier: Apache-2.0
package io.trunkline.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The files of the example in {@code docker}: what can be checked of them without a daemon. */
class DockerExampleTest {
    private static final Path DOCKER = Path.of("..", "docker").toAbsolutePath().normalize();

    @Test
    void configurationIsAcceptedAndListensOutsideItsContainer() throws Exception {
        RouterConfig config = new ConfigLoader().load(DOCKER.resolve("trunkline.yaml"));

        assertThat(config.listen().host()).isEqualTo("0.0.0.0");
        assertThat(config.topology().file()).isEqualTo(DOCKER.resolve("topology.json"));
    }

    @Test
    void topologyNamesTheServicesAndTablesOfTheExample() throws Exception {
        String compose = Files.readString(DOCKER.resolve("docker-compose.yaml"));
        String schema = Files.readString(DOCKER.resolve("schema.sql"));

        Topology topology =
                TopologyJson.read(Files.readAllBytes(DOCKER.resolve("topology.json")), UnknownFields.REJECT);

        var cluster = topology.clusters().get(0);
        assertThat(cluster.shards())
                .allSatisfy(shard -> assertThat(compose)
                        .contains("\n  " + shard.nodes().get(0).host() + ":"));
        assertThat(cluster.shardedTables())
                .allSatisfy(table -> assertThat(schema).contains("create table " + table.name() + " "));
        assertThat(cluster.referenceTables())
                .allSatisfy(table -> assertThat(schema).contains("create table " + table.name() + " "));
    }
}
