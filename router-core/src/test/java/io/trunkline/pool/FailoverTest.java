// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static io.trunkline.pool.PoolFixture.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.health.NodeStatus.State;
import io.trunkline.pool.ShardPool.Role;
import io.trunkline.testing.Case;
import io.trunkline.testing.FakeBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailoverTest {
    private final PoolFixture fixture = new PoolFixture(PoolSettings.builder()
            .size(4)
            .leaseWaitTimeout(Duration.ofSeconds(5))
            .failoverWait(Duration.ofSeconds(20))
            .build());

    @Test
    void holdsRequestsUntilTheNodesAreKnown() {
        RecordingRequest request = fixture.lease();
        fixture.advance(3_000);

        fixture.status(status("a", State.PRIMARY));
        fixture.advance(10);

        assertThat(request.node()).isEqualTo("a");
    }

    @Test
    void runsHeldRequestsOnTheNewPrimary() {
        fixture.status(status("a", State.PRIMARY), status("b", State.READABLE_REPLICA));
        fixture.status(status("a", State.UNUSABLE), status("b", State.READABLE_REPLICA));
        RecordingRequest held = fixture.lease();
        fixture.advance(15_000);
        assertThat(held.isWaiting()).isTrue();

        fixture.status(status("a", State.UNUSABLE), status("b", State.PRIMARY, 2, 1));
        fixture.advance(10);

        assertThat(held.node()).isEqualTo("b");
    }

    @Test
    void refusesWhatWasHeldTooLong() {
        fixture.status(status("a", State.UNUSABLE));
        RecordingRequest held = fixture.lease();
        fixture.advance(19_900);
        assertThat(held.isWaiting()).isTrue();

        fixture.advance(200);

        assertThat(held.sqlState()).isEqualTo("57P03");
    }

    @Test
    void beginsTheLeaseWaitAnewWhenAPrimaryAppears() {
        fixture.node("b").fallSilent();
        fixture.status(status("a", State.UNUSABLE), status("b", State.READABLE_REPLICA));
        RecordingRequest held = fixture.lease();
        fixture.advance(10_000);
        fixture.status(status("a", State.UNUSABLE), status("b", State.PRIMARY, 2, 1));
        fixture.advance(4_500);
        assertThat(held.isWaiting()).isTrue();

        fixture.advance(1_000);

        assertThat(held.sqlState()).isEqualTo("57014");
    }

    @Test
    void neverWaitsLongerThanBothLimitsTogetherWhileRolesFlap() {
        fixture.node("a").fallSilent();
        RecordingRequest request = fixture.lease();

        for (int i = 0; i < 30; i++) {
            fixture.status(status("a", i % 2 == 0 ? State.PRIMARY : State.UNUSABLE));
            fixture.advance(1_000);
        }

        assertThat(request.isWaiting()).isFalse();
    }

    @Test
    void countsTimeInTheQueueBeforeTheLossTowardsTheFailoverWaitOnlyFromTheLossOn() {
        fixture.status(status("a", State.PRIMARY));
        for (int i = 0; i < 4; i++) {
            fixture.leased();
        }
        RecordingRequest waiting = fixture.lease();
        fixture.advance(4_000);

        fixture.status(status("a", State.UNUSABLE));
        fixture.advance(19_000);

        assertThat(waiting.isWaiting()).isTrue();
    }

    @Test
    @Case("D14")
    void closesIdleBackendsOfALostPrimaryAtOnceAndLeasedOnesOnRelease() {
        fixture.status(status("a", State.PRIMARY));
        RecordingRequest idle = fixture.leased();
        RecordingRequest busy = fixture.leased();
        FakeBackend idleBackend = idle.backend();
        FakeBackend busyBackend = busy.backend();
        idle.lease().release();

        fixture.status(status("a", State.UNUSABLE), status("b", State.PRIMARY));

        assertThat(idleBackend.isOpen()).isFalse();
        assertThat(busyBackend.isOpen()).isTrue();
        assertThat(busy.lease().isCurrent()).isFalse();
        assertThat(busy.retirings()).isEqualTo(1);
        busy.lease().release();
        assertThat(busyBackend.isOpen()).isFalse();
        assertThat(fixture.leased().node()).isEqualTo("b");
    }

    /** What it commits would be lost, and a client told that it is not. */
    @Test
    void losesWhatIsLeasedOfAPrimaryThatAnotherHasReplacedOnALaterTimeline() {
        fixture.status(status("a", State.PRIMARY), status("c", State.READABLE_REPLICA));
        FakeBackend writing = fixture.leased().backend();
        RecordingRequest read = fixture.lease(Role.REPLICA);
        fixture.advance(10);
        FakeBackend reading = read.backend();

        fixture.status(status("a", State.UNUSABLE), status("c", State.READABLE_REPLICA));
        assertThat(writing.isOpen()).isTrue();
        fixture.status(status("a", State.UNUSABLE), status("c", State.UNUSABLE), status("b", State.PRIMARY, 2, 1));

        assertThat(writing.isOpen()).isFalse();
        assertThat(reading.isOpen()).isTrue();
    }

    @Test
    void losesWhatIsLeasedOfAPrimaryThatHadLeftTheTopologyBefore() {
        fixture.status(status("a", State.PRIMARY), status("b", State.READABLE_REPLICA));
        FakeBackend writing = fixture.leased().backend();

        fixture.status(status("b", State.READABLE_REPLICA));
        assertThat(writing.isOpen()).isTrue();
        fixture.status(status("b", State.PRIMARY, 2, 1));

        assertThat(writing.isOpen()).isFalse();
    }

    @Test
    void closesABackendWhoseLoginEndsAfterItsNodeWasDemoted() {
        fixture.status(status("a", State.PRIMARY));
        RecordingRequest request = fixture.lease();
        fixture.advance(2);

        fixture.status(status("a", State.LAGGING_REPLICA), status("b", State.PRIMARY, 2, 1));
        fixture.advance(20);

        assertThat(request.node()).isEqualTo("b");
        assertThat(fixture.node("a").open()).isEmpty();
    }

    @Test
    void keepsTheBackendsOfAReplicaThatIsPromoted() {
        fixture.status(status("a", State.PRIMARY), status("b", State.READABLE_REPLICA));
        RecordingRequest read = fixture.lease(Role.REPLICA);
        fixture.advance(10);
        FakeBackend warm = read.backend();
        read.lease().release();

        fixture.status(status("a", State.UNUSABLE), status("b", State.PRIMARY, 2, 1));

        assertThat(fixture.lease().backend()).isSameAs(warm);
    }

    @Test
    void startsAfreshWhenAPrimaryComesBackOnAnotherTimeline() {
        fixture.status(status("a", State.PRIMARY, 1, 1));
        RecordingRequest one = fixture.leased();
        FakeBackend former = one.backend();
        one.lease().release();

        fixture.status(status("a", State.PRIMARY, 2, 1));

        assertThat(former.isOpen()).isFalse();
    }

    @Test
    void retiresANodeThatLeftTheTopologyOrChangedItsAddress() {
        fixture.status(status("a", State.PRIMARY));
        RecordingRequest busy = fixture.leased();
        FakeBackend backend = busy.backend();

        fixture.status(status("b", State.PRIMARY, 2, 1));
        busy.lease().release();

        assertThat(backend.isOpen()).isFalse();
        assertThat(fixture.budget.heldOfNode("c", "a")).isZero();
    }

    @Test
    void goesOnReadingFromReplicasWithoutAPrimary() {
        fixture.status(status("a", State.UNUSABLE), status("b", State.READABLE_REPLICA));

        RecordingRequest read = fixture.lease(Role.PREFER_REPLICA);
        fixture.advance(10);

        assertThat(read.node()).isEqualTo("b");
    }

    @Test
    void doesNotDisturbThePrimaryWhenAReplicaIsLost() {
        fixture.status(status("a", State.PRIMARY), status("b", State.READABLE_REPLICA));
        RecordingRequest write = fixture.leased();
        FakeBackend backend = write.backend();
        write.lease().release();

        fixture.status(status("a", State.PRIMARY), status("b", State.UNUSABLE));

        assertThat(fixture.lease().backend()).isSameAs(backend);
    }

    @Test
    void sendsReadsToThePrimaryWhenNoReplicaIsReadable() {
        fixture.status(status("a", State.PRIMARY), status("b", State.LAGGING_REPLICA));

        RecordingRequest read = fixture.lease(Role.PREFER_REPLICA);
        fixture.advance(10);

        assertThat(read.node()).isEqualTo("a");
    }

    @Test
    @Case({"B11", "D12"})
    void sendsReadsToThePrimaryWhileReplicasCannotBeReached() {
        fixture.status(status("a", State.PRIMARY), status("b", State.READABLE_REPLICA));
        fixture.node("b").crash();

        RecordingRequest read = fixture.lease(Role.PREFER_REPLICA);
        fixture.advance(20);

        assertThat(read.node()).isEqualTo("a");
        assertThat(fixture.suspects).contains("b");
    }

    @Test
    void refusesAReadThatOnlyAReplicaMayServeWhenNoneAppears() {
        fixture.status(status("a", State.PRIMARY), status("b", State.LAGGING_REPLICA));
        RecordingRequest read = fixture.lease(Role.REPLICA);

        fixture.advance(20_100);

        assertThat(read.sqlState()).isEqualTo("57P03");
    }

    @Test
    void sharesReadsByWeightWhenTheyComeOneByOne() {
        fixture.status(
                status("a", State.PRIMARY),
                status("b", State.READABLE_REPLICA, 1, 3),
                status("c", State.READABLE_REPLICA, 1, 1),
                status("d", State.READABLE_REPLICA, 1, 0));
        int[] reads = new int[2];

        for (int i = 0; i < 400; i++) {
            RecordingRequest read = fixture.lease(Role.PREFER_REPLICA);
            fixture.advance(10);
            reads[read.node().equals("b") ? 0 : 1]++;
            read.lease().release();
        }

        assertThat(reads[0]).isBetween(290, 310);
        assertThat(fixture.node("d").attempts()).isZero();
    }

    @Test
    void spreadsSimultaneousReadsOverTheLeastBusyReplicas() {
        fixture.status(
                status("a", State.PRIMARY), status("b", State.READABLE_REPLICA), status("c", State.READABLE_REPLICA));
        List<RecordingRequest> reads = List.of(
                fixture.lease(Role.PREFER_REPLICA),
                fixture.lease(Role.PREFER_REPLICA),
                fixture.lease(Role.PREFER_REPLICA),
                fixture.lease(Role.PREFER_REPLICA));

        fixture.advance(20);

        assertThat(reads).extracting(RecordingRequest::node).containsOnly("b", "c");
        assertThat(reads.stream().filter(read -> read.node().equals("b"))).hasSize(2);
    }

    @Test
    void readsFromAnotherReplicaWhileAllPlacesOfOneAreTaken() {
        PoolFixture two = new PoolFixture(PoolSettings.builder().size(4).build(), 2, 1);
        two.status(
                status("a", State.PRIMARY), status("b", State.READABLE_REPLICA), status("c", State.READABLE_REPLICA));
        List<RecordingRequest> reads = new ArrayList<>();
        for (int loop = 0; loop < 2; loop++) {
            RecordingRequest read = new RecordingRequest();
            two.pool(loop).lease(Role.PREFER_REPLICA, read);
            reads.add(read);
            two.advance(20);
        }

        assertThat(reads).extracting(RecordingRequest::node).containsExactlyInAnyOrder("b", "c");
    }

    @Test
    void servesARequestHeldForEitherRoleByWhateverAppearsFirst() {
        fixture.status(status("a", State.UNUSABLE), status("b", State.UNUSABLE));
        RecordingRequest either = fixture.lease(Role.PREFER_REPLICA);
        RecordingRequest write = fixture.lease(Role.PRIMARY);

        fixture.status(status("a", State.UNUSABLE), status("b", State.READABLE_REPLICA));
        fixture.advance(10);

        assertThat(either.node()).isEqualTo("b");
        assertThat(write.isWaiting()).isTrue();
    }

    @Test
    void dropsAStatusOfAnOlderEpoch() {
        fixture.status(status("a", State.UNUSABLE), status("b", State.PRIMARY, 2, 1));

        fixture.directories.get(0).onShardStatus("c", "s0", List.of(status("a", State.PRIMARY)), 0);

        assertThat(fixture.leased().node()).isEqualTo("b");
    }
}
