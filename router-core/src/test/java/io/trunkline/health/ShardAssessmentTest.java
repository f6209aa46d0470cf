// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.health.NodeProbe.Reach;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.health.ShardAssessment.Report;
import io.trunkline.health.ShardAssessment.Verdict;
import io.trunkline.testing.Case;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardAssessmentTest {
    private static final long LAG_MAX = 1_000;

    private final ShardAssessment assessment =
            new ShardAssessment(HealthSettings.defaults("postgres", "probe").withReplicaLagMaxBytes(LAG_MAX));

    @Test
    void findsThePrimaryOfAutoNodesByProbe() {
        assertThat(states(auto("a", standby(1, 500, true)), auto("b", primary(1, 500))))
                .containsExactly(State.READABLE_REPLICA, State.PRIMARY);
    }

    @Test
    void takesNoPrimaryBeforeEveryNodeWasHeardOf() {
        assertThat(states(auto("a", primary(1, 500)), unknown("b"))).containsExactly(State.UNKNOWN, State.UNKNOWN);
        assertThat(states(auto("a", primary(1, 500)), down("b"))).containsExactly(State.PRIMARY, State.UNUSABLE);
    }

    @Test
    void holdsWritesUntilTheDeclaredPrimaryIsPromoted() {
        states(declared("a", primary(1, 500)), replica("b", standby(1, 500, true)));

        assertThat(states(replica("a", null), declared("b", standby(1, 500, false))))
                .containsExactly(State.UNUSABLE, State.READABLE_REPLICA);
        assertThat(states(replica("a", null), declared("b", primary(2, 501))))
                .containsExactly(State.UNUSABLE, State.PRIMARY);
    }

    @Test
    void holdsWritesWhenAReplicaIsPromotedThatTheTopologyDoesNotDeclare() {
        states(declared("a", primary(1, 500)), replica("b", standby(1, 500, true)));

        Verdict verdict = assess(declared("a", null), replica("b", primary(2, 501)));

        assertThat(statesOf(verdict)).containsExactly(State.UNUSABLE, State.UNUSABLE);
        assertThat(verdict.problem()).isEmpty();
        assertThat(verdict.remark()).contains("node b takes writes");
    }

    @Test
    @Case("H21")
    void neverAcceptsATimelineBelowTheHighestSeen() {
        states(auto("a", primary(1, 500)), auto("b", standby(1, 500, true)));
        states(auto("a", null), auto("b", primary(2, 510)));

        Verdict verdict = assess(auto("a", primary(1, 900)), auto("b", null));

        assertThat(statesOf(verdict)).containsExactly(State.UNUSABLE, State.UNUSABLE);
        assertThat(verdict.problem()).contains("node a takes writes on timeline 1");
    }

    @Test
    @Case("H21")
    void neverAcceptsALowerTimelineEvenWhereItIsDeclared() {
        states(auto("a", null), auto("b", primary(2, 510)));

        assertThat(states(declared("a", primary(1, 900)), replica("b", null)))
                .containsExactly(State.UNUSABLE, State.UNUSABLE);
    }

    @Test
    void countsTheTimelineAStandbyFollowsAsSeen() {
        assertThat(states(auto("a", primary(1, 900)), auto("b", standby(2, 510, true))))
                .containsExactly(State.UNUSABLE, State.READABLE_REPLICA);
    }

    @Test
    void takesTheHigherTimelineOfTwoWritableNodes() {
        Verdict verdict = assess(auto("a", primary(3, 500)), auto("b", primary(2, 900)));

        assertThat(statesOf(verdict)).containsExactly(State.PRIMARY, State.UNUSABLE);
        assertThat(verdict.problem()).contains("node b");
    }

    @Test
    void takesNoneOfTwoWritableNodesOnOneTimeline() {
        Verdict verdict = assess(auto("a", primary(2, 500)), auto("b", primary(2, 500)));

        assertThat(statesOf(verdict)).containsExactly(State.UNUSABLE, State.UNUSABLE);
        assertThat(verdict.problem()).contains("a and b");
    }

    @Test
    void takesTheDeclaredOneOfTwoWritableNodesOnOneTimeline() {
        assertThat(states(declared("a", primary(2, 500)), replica("b", primary(2, 500))))
                .containsExactly(State.PRIMARY, State.UNUSABLE);
    }

    @Test
    void refusesAServerWithAnotherSystemIdentifier() {
        states(auto("a", primary(1, 500)), auto("b", standby(1, 500, true)));

        Verdict verdict = assess(auto("a", null), auto("b", new Observation(false, 99, 7, 500, false)));

        assertThat(statesOf(verdict)).containsExactly(State.UNUSABLE, State.UNUSABLE);
        assertThat(verdict.problem()).contains("another server");
        assertThat(states(auto("a", primary(1, 500)), down("b"))).containsExactly(State.PRIMARY, State.UNUSABLE);
    }

    @Test
    void takesNobodyWhileNodesDisagreeAboutTheSystemIdentifierAndNoneIsDeclared() {
        assertThat(states(auto("a", primary(1, 500)), auto("b", new Observation(true, 99, 1, 500, true))))
                .containsExactly(State.UNUSABLE, State.UNUSABLE);
    }

    @Test
    void believesTheDeclaredPrimaryAboutTheSystemIdentifier() {
        assertThat(states(replica("b", new Observation(true, 99, 1, 500, true)), declared("a", primary(1, 500))))
                .containsExactly(State.UNUSABLE, State.PRIMARY);
    }

    @Test
    void readsFromNoReplicaBeyondTheLagLimit() {
        states(auto("a", primary(1, 5_000)), auto("b", standby(1, 5_000, true)));

        assertThat(states(auto("a", primary(1, 5_000)), auto("b", standby(1, 3_999, true))))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
    }

    @Test
    void readsFromNoReplicaBeforeItsLagIsKnown() {
        Observation late = standby(1, 3_999, true);

        assertThat(states(unknown("a"), auto("b", late))).containsExactly(State.UNKNOWN, State.UNKNOWN);
        assertThat(states(auto("a", primary(1, 5_000)), auto("b", late)))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
    }

    @Test
    void goesOnReadingWhileANodeThatCameLaterIsNotHeardOf() {
        assertThat(states(down("a"), auto("b", standby(1, 500, true))))
                .containsExactly(State.UNUSABLE, State.READABLE_REPLICA);
        assertThat(states(down("a"), auto("b", standby(1, 500, true)), unknown("c")))
                .containsExactly(State.UNUSABLE, State.READABLE_REPLICA, State.UNKNOWN);
    }

    @Test
    void readsFromReplicasWhoseLagNobodyTells() {
        Observation late = standby(1, 3_999, true);
        Report full = new Report(node("a", NodeRole.AUTO), Reach.FULL, null, 0);

        assertThat(states(full, auto("b", late))).containsExactly(State.UNKNOWN, State.READABLE_REPLICA);
        assertThat(states(auto("a", primary(1, 5_000)), auto("b", late)))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
    }

    @Test
    void readsFromALateReplicaAgainAtHalfTheLimit() {
        states(auto("a", primary(1, 5_000)), auto("b", standby(1, 100, true)));
        states(auto("a", primary(1, 5_000)), auto("b", standby(1, 3_000, true)));

        assertThat(states(auto("a", primary(1, 5_000)), auto("b", standby(1, 4_400, true))))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
        assertThat(states(auto("a", primary(1, 5_000)), auto("b", standby(1, 4_500, true))))
                .containsExactly(State.PRIMARY, State.READABLE_REPLICA);
    }

    @Test
    void readsFromADetachedReplicaOnlyWhileThePrimaryIsIdle() {
        states(auto("a", primary(1, 500)), auto("b", standby(1, 500, true)));

        assertThat(states(auto("a", primary(1, 500)), auto("b", standby(1, 500, false))))
                .containsExactly(State.PRIMARY, State.READABLE_REPLICA);
        states(auto("a", primary(1, 501)), auto("b", standby(1, 500, false)));
        assertThat(states(auto("a", primary(1, 501)), auto("b", standby(1, 500, false))))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
    }

    @Test
    void keepsReadingFromReplicasWhileThereIsNoPrimary() {
        states(auto("a", primary(1, 500)), auto("b", standby(1, 500, true)));

        assertThat(states(auto("a", null), auto("b", standby(1, 500, false))))
                .containsExactly(State.UNUSABLE, State.READABLE_REPLICA);
    }

    @Test
    void readsFromAReplicaOnlyOnceItFollowsTheNewTimeline() {
        states(auto("a", primary(1, 500)), auto("b", standby(1, 500, true)), auto("c", standby(1, 500, true)));

        assertThat(states(auto("a", null), auto("b", primary(2, 510)), auto("c", standby(1, 500, true))))
                .containsExactly(State.UNUSABLE, State.PRIMARY, State.LAGGING_REPLICA);
        assertThat(states(auto("a", null), auto("b", primary(2, 510)), auto("c", standby(2, 510, true))))
                .containsExactly(State.UNUSABLE, State.PRIMARY, State.READABLE_REPLICA);
    }

    @Test
    void readsFromARecoveredReplicaOnlyAfterSeveralGoodProbes() {
        states(auto("a", primary(1, 500)), down("b"));

        Observation healthy = standby(1, 500, true);
        assertThat(states(
                        auto("a", primary(1, 500)), new Report(node("b", NodeRole.AUTO), Reach.REACHABLE, healthy, 1)))
                .containsExactly(State.PRIMARY, State.LAGGING_REPLICA);
        assertThat(states(
                        auto("a", primary(1, 500)), new Report(node("b", NodeRole.AUTO), Reach.REACHABLE, healthy, 2)))
                .containsExactly(State.PRIMARY, State.READABLE_REPLICA);
    }

    @Test
    void measuresLagAgainstWhatThePrimaryHadWrittenWhenTheReplicaWasProbed() {
        Observation replica = standby(1, 5_000, true);
        states(auto("a", primary(1, 5_000)), auto("b", replica));

        Verdict verdict = assess(auto("a", primary(1, 50_000)), auto("b", replica));

        assertThat(verdict.nodes().get(1).lagBytes()).isZero();
        assertThat(assess(auto("a", primary(1, 50_000)), auto("b", standby(1, 20_000, true)))
                        .nodes()
                        .get(1)
                        .lagBytes())
                .isEqualTo(30_000);
    }

    private List<State> states(Report... reports) {
        return statesOf(assess(reports));
    }

    private Verdict assess(Report... reports) {
        return assessment.assess(List.of(reports));
    }

    private static List<State> statesOf(Verdict verdict) {
        return verdict.nodes().stream().map(NodeStatus::state).toList();
    }

    private static Observation primary(int timeline, long position) {
        return new Observation(false, 42, timeline, position, false);
    }

    private static Observation standby(int timeline, long position, boolean receiving) {
        return new Observation(true, 42, timeline, position, receiving);
    }

    private static Report auto(String name, Observation observation) {
        return report(name, NodeRole.AUTO, observation);
    }

    private static Report declared(String name, Observation observation) {
        return report(name, NodeRole.PRIMARY, observation);
    }

    private static Report replica(String name, Observation observation) {
        return report(name, NodeRole.REPLICA, observation);
    }

    private static Report report(String name, NodeRole role, Observation observation) {
        return observation == null
                ? new Report(node(name, role), Reach.UNREACHABLE, null, 0)
                : new Report(node(name, role), Reach.REACHABLE, observation, 10);
    }

    private static Report down(String name) {
        return new Report(node(name, NodeRole.AUTO), Reach.UNREACHABLE, null, 0);
    }

    private static Report unknown(String name) {
        return new Report(node(name, NodeRole.AUTO), Reach.UNKNOWN, null, 0);
    }

    private static Node node(String name, NodeRole role) {
        return new Node(name, name, 5432, role, 1, "");
    }
}
