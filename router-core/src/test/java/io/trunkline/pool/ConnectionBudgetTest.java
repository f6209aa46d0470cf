// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static io.trunkline.pool.PoolFixture.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.health.NodeStatus.State;
import io.trunkline.pool.ShardPool.Role;
import io.trunkline.testing.Case;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConnectionBudgetTest {
    private static final ConnectionBudget.Key KEY = new ConnectionBudget.Key("c", "a", "app", "u", PoolUse.SESSIONS);

    @Test
    void holdsTheSizeOverAllLoops() {
        PoolFixture fixture = twoLoops(8);

        List<RecordingRequest> first = requests(fixture, 0, 20);
        List<RecordingRequest> second = requests(fixture, 1, 20);
        fixture.advance(1_000);

        assertThat(fixture.node("a").mostOpen()).isEqualTo(8);
        assertThat(fixture.budget.held(KEY)).isEqualTo(8);
        assertThat(leasedOf(first) + leasedOf(second)).isEqualTo(8);
    }

    @Test
    void evensOutTheSharesOfTwoLoopsThatAreBothBusy() {
        PoolFixture fixture = twoLoops(8);
        Workload first = new Workload(fixture, 0, 32);
        fixture.advance(1_000);
        assertThat(fixture.node("a").open()).hasSize(8);

        Workload second = new Workload(fixture, 1, 32);
        run(fixture, 1_000, first, second);

        assertThat(first.busy()).isEqualTo(4);
        assertThat(second.busy()).isEqualTo(4);
        int attempts = fixture.node("a").attempts();
        run(fixture, 5_000, first, second);
        assertThat(fixture.node("a").attempts())
                .as("no more reconnecting once even")
                .isEqualTo(attempts);
        assertThat(fixture.node("a").mostOpen()).isEqualTo(8);
    }

    @Test
    void givesAnIdleBackendOfOneLoopToAStarvingOneAtOnce() {
        PoolFixture fixture = twoLoops(2);
        List<RecordingRequest> first = requests(fixture, 0, 2);
        fixture.advance(20);
        first.forEach(request -> request.lease().release());

        List<RecordingRequest> second = requests(fixture, 1, 1);
        fixture.advance(20);

        assertThat(second.get(0).isLeased()).isTrue();
        assertThat(fixture.node("a").mostOpen()).isEqualTo(2);
    }

    @Test
    void movesBackendsThatStayIdleToTheLoopThatNeedsThem() {
        PoolFixture fixture = twoLoops(4);
        requests(fixture, 0, 4);
        fixture.advance(20);
        List<RecordingRequest> second = requests(fixture, 1, 4);
        fixture.advance(20);
        assertThat(leasedOf(second)).isZero();

        releaseAll(fixture);
        fixture.advance(5_000);

        assertThat(leasedOf(second)).isEqualTo(4);
    }

    @Test
    void passesASinglePlaceBackAndForth() {
        PoolFixture fixture = twoLoops(1);
        Workload first = new Workload(fixture, 0, 4);
        Workload second = new Workload(fixture, 1, 4);

        run(fixture, 10_000, first, second);

        assertThat(first.served).isGreaterThan(1_000);
        assertThat(second.served).isGreaterThan(1_000);
        assertThat(fixture.node("a").mostOpen()).isEqualTo(1);
        assertThat(fixture.node("a").attempts())
                .as("about one reconnection per 100 ms")
                .isLessThan(110);
    }

    @Test
    void holdsTheCapOfANodeOverDatabasesAndUsers() {
        PoolFixture fixture = new PoolFixture(PoolSettings.builder().size(8).build(), 1, 5);
        fixture.status(status("a", State.PRIMARY));
        ShardPool other = fixture.directories.get(0).pool("c", "s0", "app", "v");
        List<RecordingRequest> ours = requests(fixture, 0, 5);
        fixture.advance(20);

        RecordingRequest theirs = new RecordingRequest();
        other.lease(Role.PRIMARY, theirs);
        fixture.advance(20);
        assertThat(theirs.isWaiting()).isTrue();
        ours.get(0).lease().release();
        fixture.advance(20);

        assertThat(theirs.isLeased()).isTrue();
        assertThat(fixture.node("a").mostOpen()).isEqualTo(5);
    }

    @Test
    @Case("B07")
    void aUserWithManyWaitersLeavesAnotherItsShareOfTheNode() {
        PoolFixture fixture = new PoolFixture(PoolSettings.builder().size(8).build(), 1, 4);
        fixture.status(status("a", State.PRIMARY));
        Workload many = new Workload(fixture.pool(), 100);
        fixture.advance(1_000);
        Workload few = new Workload(fixture.directories.get(0).pool("c", "s0", "app", "v"), 1);
        run(fixture, 1_000, many, few);
        int served = few.served;

        run(fixture, 1_000, many, few);

        assertThat(few.busy()).as("never waits for those of the other user").isEqualTo(1);
        assertThat(few.served - served).as("one for each 2 ms").isEqualTo(500);
        assertThat(many.busy()).isEqualTo(3);
    }

    @Test
    void refusesToTakeBackWhatWasNotTaken() {
        PoolFixture fixture = twoLoops(1);
        ConnectionBudget.Share share =
                fixture.budget.join(KEY, 1, fixture.loops.get(0), new ConnectionBudget.Claimant() {
                    @Override
                    public void onPlaceGranted() {}

                    @Override
                    public void onPlaceWanted() {}
                });
        assertThat(share.tryTake()).isTrue();
        share.giveBack();

        assertThatThrownBy(share::giveBack).isInstanceOf(IllegalStateException.class);
    }

    /** Sessions of one loop, each of which leases, works for 2 ms, releases and leases again. */
    private static final class Workload {
        final ShardPool pool;
        final Deque<RecordingRequest> open = new ArrayDeque<>();
        int served;

        Workload(PoolFixture fixture, int loop, int sessions) {
            this(fixture.pool(loop), sessions);
        }

        Workload(ShardPool pool, int sessions) {
            this.pool = pool;
            for (int i = 0; i < sessions; i++) {
                ask();
            }
        }

        void ask() {
            RecordingRequest request = new RecordingRequest();
            open.add(request);
            pool.lease(Role.PRIMARY, request);
        }

        int busy() {
            return leasedOf(open);
        }

        void finishWork() {
            for (RecordingRequest request : List.copyOf(open)) {
                if (request.isLeased()) {
                    open.remove(request);
                    ask();
                    served++;
                    request.lease().release();
                }
            }
        }
    }

    private static void run(PoolFixture fixture, int millis, Workload... workloads) {
        for (int i = 0; i < millis / 2; i++) {
            fixture.advance(2);
            for (Workload workload : workloads) {
                workload.finishWork();
            }
        }
        fixture.advance(20);
    }

    private static PoolFixture twoLoops(int size) {
        PoolFixture fixture = new PoolFixture(PoolSettings.builder().size(size).build(), 2, 1_000);
        fixture.status(status("a", State.PRIMARY));
        return fixture;
    }

    private final List<RecordingRequest> asked = new ArrayList<>();

    private List<RecordingRequest> requests(PoolFixture fixture, int loop, int count) {
        List<RecordingRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RecordingRequest request = new RecordingRequest();
            requests.add(request);
            fixture.pool(loop).lease(Role.PRIMARY, request);
        }
        asked.addAll(requests);
        return requests;
    }

    private void releaseAll(PoolFixture fixture) {
        for (RecordingRequest request : List.copyOf(asked)) {
            if (request.isLeased()) {
                asked.remove(request);
                request.lease().release();
            }
        }
        fixture.advance(0);
    }

    private static int leasedOf(Iterable<RecordingRequest> requests) {
        int leased = 0;
        for (RecordingRequest request : requests) {
            leased += request.isLeased() ? 1 : 0;
        }
        return leased;
    }
}
