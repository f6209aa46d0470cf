// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trunkline.health.NodeStatus;
import io.trunkline.health.ShardStatus;
import io.trunkline.server.admin.AdminPage;
import io.trunkline.server.admin.AdminRequest;
import io.trunkline.server.admin.AdminSource;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Node;
import io.trunkline.topology.Shard;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologySource;
import java.util.Locale;
import java.util.Optional;

/** The page {@code /topology}: the revision in force and what each node is now. */
final class TopologyPage implements AdminSource {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final TopologySource source;
    private final NodeBoard board;

    TopologyPage(TopologySource source, NodeBoard board) {
        this.source = source;
        this.board = board;
    }

    @Override
    public AdminPage get(AdminRequest request) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        Optional<Topology> topology = source.current();
        topology.ifPresentOrElse(known -> root.put("revision", known.revision()), () -> root.putNull("revision"));
        source.trouble().ifPresent(trouble -> root.put("trouble", trouble));
        ArrayNode databases = root.putArray("databases");
        ArrayNode clusters = root.putArray("clusters");
        topology.ifPresent(known -> {
            for (Database database : known.databases()) {
                databases.addObject().put("name", database.name()).put("cluster", database.cluster());
            }
            known.clusters().forEach(cluster -> cluster(clusters.addObject(), cluster));
        });
        try {
            return AdminPage.json(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private void cluster(ObjectNode into, Cluster cluster) {
        into.put("name", cluster.name());
        ArrayNode shards = into.putArray("shards");
        for (Shard shard : cluster.shards()) {
            shard(shards.addObject(), shard, board.status(cluster.name(), shard.name()));
        }
    }

    private static void shard(ObjectNode into, Shard shard, Optional<ShardStatus> status) {
        into.put("name", shard.name());
        ArrayNode nodes = into.putArray("nodes");
        for (Node node : shard.nodes()) {
            ObjectNode entry = nodes.addObject()
                    .put("name", node.name())
                    .put("host", node.host())
                    .put("port", node.port())
                    .put("declared", word(node.role()));
            Optional<NodeStatus> known = status.flatMap(shardStatus -> shardStatus.nodes().stream()
                    .filter(one -> one.node().name().equals(node.name()))
                    .findFirst());
            entry.put("state", word(known.map(NodeStatus::state).orElse(NodeStatus.State.UNKNOWN)));
            known.ifPresent(one -> entry.put("timeline", one.timeline()).put("lag_bytes", one.lagBytes()));
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
