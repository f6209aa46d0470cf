// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.EventLoopClock;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterError.Kind;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.metrics.NodeMetrics;
import io.trunkline.metrics.RouterMetrics;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.FakeNode;
import io.trunkline.testing.VirtualClock;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterMonitorTest {
    private final VirtualClock time = new VirtualClock();
    private final EventLoopClock loop = time.newLoop();
    private final FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
    private final List<ShardStatus> told = new ArrayList<>();
    private final ClusterMonitor monitor = new ClusterMonitor(
            "c",
            loop,
            connector,
            HealthSettings.defaults("postgres", "probe"),
            RouterMetrics.NONE,
            (cluster, status) -> told.add(status));

    @Test
    void tellsThePrimaryAndTheReplicasSoonAfterTheStart() {
        node("a").answer(sql -> primary(1));
        node("b").answer(sql -> standby(1));

        topology(NodeRole.AUTO, NodeRole.AUTO);
        advance(100);

        assertThat(states()).containsExactly(State.PRIMARY, State.READABLE_REPLICA);
    }

    @Test
    void saysNothingWhileNothingChanges() {
        bothUp();
        told.clear();

        advance(60_000);

        assertThat(told).isEmpty();
        assertThat(node("a").queries()).hasSizeBetween(50, 70);
    }

    @Test
    void missesAKilledPrimaryAtOnceAndFindsThePromotedOneWithinTheUrgentInterval() {
        bothUp();

        node("a").crash();
        advance(50);
        assertThat(states().get(0)).isEqualTo(State.UNUSABLE);
        advance(5_000);
        node("b").answer(sql -> primary(2));
        advance(250);

        assertThat(states()).containsExactly(State.UNUSABLE, State.PRIMARY);
    }

    @Test
    void growsTheEpochWithEachNewPrimaryOnly() {
        bothUp();
        long first = last().epoch();
        node("b").breakConnections();
        node("b").refuse(error(SqlState.CANNOT_CONNECT_NOW));
        advance(1_000);
        assertThat(last().epoch()).isEqualTo(first);

        node("a").crash();
        node("b").accept();
        node("b").answer(sql -> primary(2));
        advance(1_000);

        assertThat(last().epoch()).isGreaterThan(first);
    }

    @Test
    void keepsANodeThatIsSilentOnceAndGivesUpOneThatStaysSilent() {
        bothUp();
        node("a").fallSilent();
        advance(3_100);
        assertThat(states().get(0)).isEqualTo(State.PRIMARY);

        advance(5_000);

        assertThat(states().get(0)).isEqualTo(State.UNUSABLE);
    }

    @Test
    void noticesASmartShutdownAndDoesNotHoldItUp() {
        bothUp();

        node("a").refuse(error(SqlState.CANNOT_CONNECT_NOW));
        advance(10_500);

        assertThat(states().get(0)).isEqualTo(State.UNUSABLE);
        assertThat(node("a").open()).isEmpty();
    }

    @Test
    void keepsItsConnectionToAFullNode() {
        bothUp();

        node("a").refuse(error(SqlState.TOO_MANY_CONNECTIONS));
        advance(30_000);

        assertThat(states().get(0)).isEqualTo(State.PRIMARY);
        assertThat(node("a").open()).hasSize(1);
    }

    @Test
    void doesNotTakeAFullNodeForADeadOne() {
        bothUp();

        node("a").refuse(error(SqlState.TOO_MANY_CONNECTIONS));
        node("a").breakConnections();
        advance(30_000);

        assertThat(states().get(0)).isEqualTo(State.PRIMARY);
    }

    @Test
    void takesNoPrimaryButReadsWhileANodeHasBeenFullSinceTheStart() {
        node("a").refuse(error(SqlState.TOO_MANY_CONNECTIONS));
        node("b").answer(sql -> standby(1));
        topology(NodeRole.AUTO, NodeRole.AUTO);
        advance(1_000);

        assertThat(states()).containsExactly(State.UNKNOWN, State.READABLE_REPLICA);
        node("b").answer(sql -> primary(1));
        advance(1_000);
        assertThat(states()).containsExactly(State.UNKNOWN, State.UNUSABLE);
        node("a").fallSilent();
        advance(2_500);
        assertThat(states()).containsExactly(State.UNKNOWN, State.UNUSABLE);
        node("a").refuse(error(SqlState.TOO_MANY_CONNECTIONS));
        advance(1_000);
        assertThat(states()).containsExactly(State.UNKNOWN, State.UNUSABLE);
    }

    @Test
    void probesASuspectedNodeAtOnce() {
        bothUp();
        int before = node("a").queries().size();

        monitor.suspect("a");
        advance(60);

        assertThat(node("a").queries()).hasSize(before + 1);
    }

    @Test
    void spacesTheProbesOfANodeSuspectedOverAndOver() {
        bothUp();
        int before = node("a").queries().size();

        for (int i = 0; i < 1_000; i++) {
            monitor.suspect("a");
            advance(1);
        }

        assertThat(node("a").queries().size() - before).isLessThan(25);
    }

    @Test
    void followsARevisionThatNamesAnotherPrimaryWithoutWaitingForAProbe() {
        node("a").answer(sql -> primary(1));
        node("b").answer(sql -> standby(1));
        topology(NodeRole.PRIMARY, NodeRole.REPLICA);
        advance(100);
        node("a").crash();
        node("b").answer(sql -> primary(2));
        advance(1_000);
        assertThat(states()).containsExactly(State.UNUSABLE, State.UNUSABLE);

        topology(NodeRole.REPLICA, NodeRole.PRIMARY);
        time.runDue();

        assertThat(states()).containsExactly(State.UNUSABLE, State.PRIMARY);
    }

    @Test
    void holdsUntilTheNamedPrimaryIsPromoted() {
        node("a").answer(sql -> primary(1));
        node("b").answer(sql -> standby(1));
        topology(NodeRole.PRIMARY, NodeRole.REPLICA);
        advance(100);

        topology(NodeRole.REPLICA, NodeRole.PRIMARY);
        advance(3_000);
        assertThat(states()).containsExactly(State.UNUSABLE, State.READABLE_REPLICA);
        node("b").answer(sql -> primary(2));
        advance(250);

        assertThat(states()).containsExactly(State.UNUSABLE, State.PRIMARY);
    }

    @Test
    void leavesNodesAndShardsThatAreGone() {
        bothUp();

        monitor.onTopology(new Cluster("c", List.of(), List.of(), List.of(), List.of()));
        advance(5_000);

        assertThat(last().nodes()).isEmpty();
        assertThat(node("a").open()).isEmpty();
        assertThat(node("b").open()).isEmpty();
    }

    @Test
    void keepsTheMetricsOfANodeThatMoves() {
        List<String> handles = new ArrayList<>();
        NodeMetrics ofNode = (NodeMetrics) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {NodeMetrics.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("removed")) {
                        handles.add("removed");
                    }
                    return null;
                });
        RouterMetrics metrics = (RouterMetrics) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {RouterMetrics.class}, (proxy, method, arguments) -> {
                    handles.add(method.getName() + " " + arguments[2]);
                    return ofNode;
                });
        ClusterMonitor measured = new ClusterMonitor(
                "c", loop, connector, HealthSettings.defaults("postgres", "probe"), metrics, (cluster, status) -> {});

        for (String host : List.of("here", "there")) {
            Shard shard = new Shard("s0", List.of(new Node("a", host, 5432, NodeRole.AUTO, 1, "")));
            measured.onTopology(new Cluster("c", List.of(shard), List.of(), List.of(), List.of()));
            advance(1);
        }

        assertThat(handles).containsExactly("node a", "removed", "node a");
    }

    @Test
    void stopsProbingWhenClosed() {
        bothUp();

        monitor.close();
        advance(100);
        int before = node("a").attempts();
        advance(60_000);

        assertThat(node("a").open()).isEmpty();
        assertThat(node("a").attempts()).isEqualTo(before);
    }

    @Test
    void recoversWhenANodeComesBack() {
        bothUp();
        node("a").crash();
        advance(10_000);

        node("a").accept();
        advance(1_500);

        assertThat(states()).containsExactly(State.PRIMARY, State.READABLE_REPLICA);
    }

    private void bothUp() {
        node("a").answer(sql -> primary(1));
        node("b").answer(sql -> standby(1));
        topology(NodeRole.AUTO, NodeRole.AUTO);
        advance(100);
    }

    private void topology(NodeRole a, NodeRole b) {
        Shard shard = new Shard("s0", List.of(new Node("a", "a", 5432, a, 1, ""), new Node("b", "b", 5432, b, 1, "")));
        monitor.onTopology(new Cluster("c", List.of(shard), List.of(), List.of(), List.of()));
    }

    private FakeNode node(String name) {
        return connector.node(name);
    }

    private void advance(long millis) {
        time.advance(Duration.ofMillis(millis));
    }

    private ShardStatus last() {
        return told.get(told.size() - 1);
    }

    private List<State> states() {
        return last().nodes().stream().map(NodeStatus::state).toList();
    }

    private static List<List<String>> primary(int timeline) {
        return List.of(Arrays.asList("f", "42", "%08X0000000000000001".formatted(timeline), "1", "0/3000000", "f"));
    }

    private static List<List<String>> standby(int timeline) {
        return List.of(Arrays.asList("t", "42", null, Integer.toString(timeline), "0/3000000", "t"));
    }

    private static RouterError error(SqlState state) {
        return new RouterError(Kind.BACKEND, ErrorResponse.of(Severity.FATAL, state, "refused"));
    }
}
