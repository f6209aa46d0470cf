// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.pool.ShardPool.Role;
import io.trunkline.topology.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of the shard of one {@link BackendPool}, and which of them serve a role now.
 *
 * <p>Reads that prefer a replica go to replicas while one is readable and backends to it can be had, else to the primary.
 */
final class ShardNodes {

    /** What makes a node of the topology the same one after a change. */
    private record Address(String name, String host, int port) {
        static Address of(Node node) {
            return new Address(node.name(), node.host(), node.port());
        }
    }

    private final BackendPool pool;
    private final ReplicaSelector selector;
    private final Map<Address, NodePool> nodes = new LinkedHashMap<>();
    private List<NodePool> all = List.of();
    private @Nullable NodePool primary;
    private List<NodePool> replicas = List.of();
    /** Nodes that are gone, while backends of theirs are in use. */
    private final List<NodePool> retired = new ArrayList<>();

    ShardNodes(BackendPool pool, String preferredZone) {
        this.pool = pool;
        this.selector = new ReplicaSelector(preferredZone);
    }

    /** Takes what is known of the nodes now: retires those that are gone, tells the others their state. */
    void onStatus(List<NodeStatus> statuses) {
        Map<Address, NodePool> former = new LinkedHashMap<>(nodes);
        List<NodePool> formerReplicas = replicas;
        List<NodePool> readable = new ArrayList<>();
        nodes.clear();
        primary = null;
        replicas = List.of();
        for (NodeStatus status : statuses) {
            Address address = Address.of(status.node());
            NodePool known = former.remove(address);
            NodePool node = known == null ? new NodePool(pool, status) : known;
            nodes.put(address, node);
            if (status.state() == NodeStatus.State.PRIMARY) {
                primary = node;
            } else if (status.state() == NodeStatus.State.READABLE_REPLICA
                    && status.node().weight() > 0) {
                if (!formerReplicas.contains(node)) {
                    node.joinRotation(formerReplicas);
                }
                readable.add(node);
            }
        }
        replicas = List.copyOf(readable);
        all = List.copyOf(nodes.values());
        former.values().forEach(NodePool::retire);
        retired.addAll(former.values());
        retired.removeIf(NodePool::isEmpty);
        for (NodeStatus status : statuses) {
            NodePool node = nodes.get(Address.of(status.node()));
            if (node != null) {
                node.onStatus(status);
            }
        }
        NodePool now = primary;
        if (now != null) {
            // A primary may leave the topology before another one is known.
            List.copyOf(retired).forEach(node -> node.supersede(now));
            all.forEach(node -> node.supersede(now));
        }
    }

    /** Returns the nodes, as they are now; a later change makes a new list. */
    List<NodePool> all() {
        return all;
    }

    @Nullable
    NodePool primary() {
        return primary;
    }

    boolean isReplica(NodePool node) {
        return replicas.contains(node);
    }

    /** Returns true when the shard has a node of the role, however it does. */
    boolean has(Role role) {
        return switch (role) {
            case PRIMARY -> primary != null;
            case REPLICA -> !replicas.isEmpty();
            case PREFER_REPLICA -> primary != null || !replicas.isEmpty();
        };
    }

    /** Returns true while requests of the role go to replicas. */
    boolean goesToReplicas(Role role) {
        return switch (role) {
            case PRIMARY -> false;
            case REPLICA -> true;
            case PREFER_REPLICA -> anyReplicaServes();
        };
    }

    private boolean anyReplicaServes() {
        for (int i = 0; i < replicas.size(); i++) {
            if (!replicas.get(i).isFailing()) {
                return true;
            }
        }
        return false;
    }

    /** Returns the node whose idle backend a request of the role should have now, or null. */
    @Nullable
    NodePool withIdle(Role role) {
        if (!goesToReplicas(role)) {
            NodePool node = primary;
            return node != null && node.hasIdle() ? node : null;
        }
        NodePool due = selector.choose(replicas, node -> !node.isFailing());
        if (due == null || due.hasIdle()) {
            return due;
        }
        NodePool idle = selector.choose(replicas, NodePool::hasIdle);
        if (idle != null && due.connectingCount() == 0) {
            // The request need not wait for the replica that is due, but the next one should find it open. No place is
            // wished for: two loops would take the last one from each other at every read.
            due.openAhead();
        }
        return idle;
    }

    /** Returns the replica that should open the next backend, and when none has a place for it, the one to wait for; null when none may connect now. */
    @Nullable
    NodePool replicaToOpen() {
        NodePool free = selector.choose(replicas, NodePool::hasFreePlace);
        return free == null ? selector.choose(replicas, NodePool::mayConnect) : free;
    }

    int connectingToReplicas() {
        int connecting = 0;
        for (int i = 0; i < replicas.size(); i++) {
            connecting += replicas.get(i).connectingCount();
        }
        return connecting;
    }

    // failures

    /** Returns the error for requests of a role whose nodes all refuse logins for good and have no backend open; null while there is hope. */
    @Nullable
    RouterError lastingFailure(Role role) {
        RouterError found = null;
        if (role != Role.PRIMARY) {
            for (NodePool replica : replicas) {
                found = lastingFailureOf(replica);
                if (found == null) {
                    return null;
                }
            }
        }
        NodePool node = primary;
        return role != Role.REPLICA && node != null ? lastingFailureOf(node) : found;
    }

    private static @Nullable RouterError lastingFailureOf(NodePool node) {
        RouterError failure = node.isFailing() ? node.failure() : null;
        return failure != null && ConnectFailure.isLasting(failure)
                ? RouterErrors.loginRefused(node.name(), failure)
                : null;
    }

    /** Returns why a node of the role could not be reached lately, or null. */
    @Nullable
    RouterError lastFailure(Role role) {
        NodePool node = primary;
        RouterError failure = role != Role.REPLICA && node != null ? node.failure() : null;
        for (NodePool replica : replicas) {
            if (role != Role.PRIMARY && failure == null) {
                failure = replica.failure();
            }
        }
        return failure;
    }
}
