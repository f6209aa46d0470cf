// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.wire.ErrorResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a statement went or would go, in words: for {@code SHOW trunkline.route} and {@code ./trunkline route}.
 *
 * @param shard the shard's name, {@code any}, or empty when the statement is refused
 * @param role {@code primary}, {@code replica}, {@code replica or primary}, {@code any}, or empty when the statement is refused
 * @param node the node, or those that may serve; empty when the statement is refused
 * @param reason why this shard and why this role
 * @param refusal what the client gets instead, by the names {@code psql} gives the fields; empty when the statement runs
 */
public record RouteExplanation(String shard, String role, String node, String reason, Map<String, String> refusal) {

    /** Explains a decision before a node is chosen. */
    static RouteExplanation of(RoutingTable table, Target target) {
        if (target instanceof Target.Refused refused) {
            return refused(refused.error().response());
        }
        if (target instanceof Target.At at) {
            String shard = at.shard() == Target.ANY_SHARD ? "any" : table.shardName(at.shard());
            String nodes = at.shard() == Target.ANY_SHARD
                    ? ""
                    : nodes(table.cluster().shards().get(at.shard()).nodes(), at.role());
            return new RouteExplanation(
                    shard, words(at.role()), nodes, reason(at.shardReason(), at.roleReason()), Map.of());
        }
        if (target instanceof Target.Scatter scatter) {
            String nodes = scatter.shards()
                    .indexes()
                    .mapToObj(shard -> nodes(
                            table.cluster().shards().get(shard).nodes(),
                            scatter.at().role()))
                    .collect(Collectors.joining("; "));
            return new RouteExplanation(
                    table.namesOf(scatter.shards()),
                    words(scatter.at().role()),
                    nodes,
                    reason(scatter.at().shardReason(), scatter.at().roleReason()),
                    Map.of());
        }
        return new RouteExplanation(
                "",
                "",
                "",
                "the type of a parameter decides: the router would ask a shard to describe the statement",
                Map.of());
    }

    /** Explains what did run: the node that was chosen and the role it has. */
    public static RouteExplanation ran(
            String shard, RoleNeed role, String node, Reason shardReason, Reason roleReason) {
        return new RouteExplanation(shard, words(role), node, reason(shardReason, roleReason), Map.of());
    }

    /** Explains an error instead of a route. */
    static RouteExplanation refused(ErrorResponse error) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("error", error.sqlState() + ": " + error.message());
        String detail = error.detail();
        if (detail != null) {
            fields.put("detail", detail);
        }
        String hint = error.hint();
        if (hint != null) {
            fields.put("hint", hint);
        }
        return new RouteExplanation("", "", "", "refused", fields);
    }

    /** Returns true when the statement does not run. */
    public boolean isRefused() {
        return !refusal.isEmpty();
    }

    /** Returns everything worth showing, name by name, in order. */
    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        if (!isRefused()) {
            fields.put("shard", shard);
            fields.put("role", role);
            fields.put("node", node);
            fields.put("reason", reason);
        }
        fields.putAll(refusal);
        return fields;
    }

    private static String reason(Reason shard, Reason role) {
        return shard.label() + " (" + shard.phrase() + "), " + role.label() + " (" + role.phrase() + ")";
    }

    private static String words(RoleNeed role) {
        return switch (role) {
            case ANY -> "any";
            case REPLICA_ALLOWED -> "replica or primary";
            case REPLICA -> "replica";
            case PRIMARY -> "primary";
        };
    }

    private static String nodes(List<Node> nodes, RoleNeed role) {
        return nodes.stream()
                .filter(node -> switch (role) {
                    case ANY, REPLICA_ALLOWED -> true;
                    case PRIMARY -> node.role() != NodeRole.REPLICA;
                    case REPLICA -> node.role() != NodeRole.PRIMARY;
                })
                .map(Node::name)
                .collect(Collectors.joining(", "));
    }
}
