// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static io.trunkline.pool.PoolFixture.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterError.Kind;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.testing.Case;
import io.trunkline.testing.FakeBackend;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackendPoolTest {
    private final PoolFixture fixture = new PoolFixture(PoolSettings.builder()
            .size(2)
            .maxWaiters(3)
            .leaseWaitTimeout(Duration.ofSeconds(5))
            .failoverWait(Duration.ofSeconds(20))
            .idleTimeout(Duration.ofSeconds(60))
            .maxLifetime(Duration.ofMinutes(10))
            .build());

    private void primaryIsUp() {
        fixture.status(status("a", State.PRIMARY));
    }

    @Test
    void opensABackendForTheFirstRequestAndReusesItForTheNext() {
        primaryIsUp();
        RecordingRequest first = fixture.leased();
        first.lease().release();

        RecordingRequest second = fixture.lease();

        assertThat(second.backend()).isSameAs(first.backend());
        assertThat(fixture.node("a").attempts()).isEqualTo(1);
    }

    @Test
    @Case("B07")
    void servesUsersInTurnHoweverManyRequestsOneOfThemHasWaiting() {
        PoolFixture crowded =
                new PoolFixture(PoolSettings.builder().size(1).maxWaiters(1_000).build());
        crowded.status(status("a", State.PRIMARY));
        RecordingRequest holder = crowded.leased();
        List<RecordingRequest> many = waiting(crowded, "many", 100);
        List<RecordingRequest> few = waiting(crowded, "few", 3);

        List<RecordingRequest> order = new ArrayList<>();
        for (RecordingRequest last = holder; order.size() < 103; last = order.get(order.size() - 1)) {
            last.lease().release();
            Stream.concat(many.stream(), few.stream())
                    .filter(request -> request.isLeased() && !order.contains(request))
                    .forEach(order::add);
        }

        assertThat(few).extracting(order::indexOf).containsExactly(1, 3, 5);
        assertThat(many).isSortedAccordingTo(Comparator.comparingInt(order::indexOf));
    }

    @Test
    @Case("B07")
    void aFullQueueTakesAUserThatHasFewerWaitingInPlaceOfOneThatHasMost() {
        primaryIsUp();
        fixture.leased();
        fixture.leased();
        List<RecordingRequest> many = waiting(fixture, "many", 3);

        RecordingRequest few = waiting(fixture, "few", 1).get(0);
        RecordingRequest another = waiting(fixture, "many", 1).get(0);
        RecordingRequest asMany = waiting(fixture, "few", 1).get(0);

        assertThat(few.isWaiting()).isTrue();
        assertThat(many).extracting(RecordingRequest::sqlState).containsExactly("", "", "53300");
        assertThat(another.sqlState()).isEqualTo("53300");
        assertThat(asMany.sqlState()).isEqualTo("53300");
    }

    private static List<RecordingRequest> waiting(PoolFixture pool, String user, int count) {
        List<RecordingRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RecordingRequest request = RecordingRequest.of(user);
            pool.pool().lease(ShardPool.Role.PRIMARY, request);
            requests.add(request);
        }
        return requests;
    }

    @Test
    void servesWaitingRequestsInTheOrderInWhichTheyCame() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        RecordingRequest two = fixture.leased();
        RecordingRequest third = fixture.lease();
        RecordingRequest fourth = fixture.lease();

        two.lease().release();

        assertThat(third.isLeased()).isTrue();
        assertThat(fourth.isWaiting()).isTrue();
        one.lease().release();
        assertThat(fourth.isLeased()).isTrue();
    }

    @Test
    void neverOpensMoreThanItsSize() {
        primaryIsUp();

        for (int i = 0; i < 5; i++) {
            fixture.lease();
        }
        fixture.advance(1_000);

        assertThat(fixture.node("a").mostOpen()).isEqualTo(2);
    }

    @Test
    void refusesTheRequestBeyondTheWaiterLimit() {
        primaryIsUp();
        fixture.leased();
        fixture.leased();
        fixture.lease();
        fixture.lease();
        fixture.lease();

        RecordingRequest refused = fixture.lease();

        assertThat(refused.sqlState()).isEqualTo("53300");
    }

    @Test
    @Case("B08")
    void refusesARequestThatWaitedTooLongAndServesTheNextOne() {
        primaryIsUp();
        RecordingRequest holder = fixture.leased();
        fixture.leased();
        RecordingRequest early = fixture.lease();
        fixture.advance(3_000);
        RecordingRequest late = fixture.lease();

        fixture.advance(2_500);

        assertThat(early.sqlState()).isEqualTo("57014");
        holder.lease().release();
        assertThat(late.isLeased()).isTrue();
    }

    @Test
    @Case("B08")
    void skipsAWithdrawnRequest() {
        primaryIsUp();
        RecordingRequest holder = fixture.leased();
        fixture.leased();
        RecordingRequest gone = fixture.lease();
        RecordingRequest next = fixture.lease();

        fixture.pool().withdraw(gone);
        holder.lease().release();

        assertThat(gone.isWaiting()).isTrue();
        assertThat(next.isLeased()).isTrue();
    }

    @Test
    @Case("D22")
    void keepsABackendForOthersWhenItsRequestWasWithdrawnDuringTheLogin() {
        primaryIsUp();
        RecordingRequest gone = fixture.lease();
        fixture.pool().withdraw(gone);
        fixture.advance(10);

        RecordingRequest next = fixture.lease();

        assertThat(next.isLeased()).isTrue();
        assertThat(fixture.node("a").attempts()).isEqualTo(1);
    }

    @Test
    void prefersABackendThatCarriesTheSettingsOfTheRequest() {
        primaryIsUp();
        RecordingRequest plain = fixture.leased();
        RecordingRequest tuned = fixture.leased();
        Settings settings = Settings.of(Map.of("search_path", "SET search_path TO app"));
        tuned.backend().carry(settings);
        FakeBackend tunedBackend = tuned.backend();
        tuned.lease().release();
        plain.lease().release();

        RecordingRequest again = new RecordingRequest(settings);
        fixture.pool().lease(ShardPool.Role.PRIMARY, again);

        assertThat(again.backend()).isSameAs(tunedBackend);
    }

    @Test
    void takesTheMostRecentlyUsedBackendOtherwise() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        RecordingRequest two = fixture.leased();
        FakeBackend last = one.backend();
        two.lease().release();
        one.lease().release();

        RecordingRequest again = fixture.lease();

        assertThat(again.backend()).isSameAs(last);
    }

    @Test
    void closesABackendThatComesBackDirtyAndOpensAnotherForWhoWaits() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        fixture.leased();
        RecordingRequest waiting = fixture.lease();
        FakeBackend dirty = one.backend();
        dirty.leaveReplyOutstanding();

        one.lease().release();
        fixture.advance(10);

        assertThat(dirty.isOpen()).isFalse();
        assertThat(waiting.isLeased()).isTrue();
    }

    @Test
    void runsTheResetQueryBeforeTheBackendIsIdleAgain() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        FakeBackend backend = one.backend();

        one.lease().releaseAfterReset();
        RecordingRequest next = fixture.lease();
        fixture.advance(2);

        assertThat(fixture.node("a").queries()).containsExactly("DISCARD ALL");
        assertThat(next.backend()).isSameAs(backend);
    }

    @Test
    @Case("N27")
    void closesABackendWhoseResetTakesTooLong() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        FakeBackend backend = one.backend();
        fixture.node("a").fallSilent();

        one.lease().releaseAfterReset();
        fixture.advance(5_000);

        assertThat(backend.isOpen()).isFalse();
    }

    @Test
    void endsALeaseOnlyOnce() {
        primaryIsUp();
        Lease lease = fixture.leased().lease();
        lease.release();

        assertThatThrownBy(lease::release).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> lease.discard("again")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void opensAnotherBackendWhenOneIsDiscarded() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        fixture.leased();
        RecordingRequest waiting = fixture.lease();

        one.lease().discard("client gone");
        fixture.advance(10);

        assertThat(waiting.isLeased()).isTrue();
    }

    @Test
    void forgetsAnIdleBackendThatDiesAndSuspectsItsNode() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        one.lease().release();
        one.backend().die();

        RecordingRequest next = fixture.leased();

        assertThat(next.backend()).isNotSameAs(one.backend());
        assertThat(fixture.suspects).containsExactly("a");
    }

    @Test
    @Case("D12")
    void keepsWaitingWhileANodeStartsUp() {
        primaryIsUp();
        fixture.node("a").refuse(backendError(SqlState.CANNOT_CONNECT_NOW));
        RecordingRequest request = fixture.lease();
        fixture.advance(2_000);

        fixture.node("a").accept();
        fixture.advance(2_500);

        assertThat(request.isLeased()).isTrue();
    }

    @Test
    @Case({"B11", "D12"})
    void pausesLongerAfterEachFailure() {
        primaryIsUp();
        fixture.node("a").refuse(backendError(SqlState.TOO_MANY_CONNECTIONS));

        fixture.lease();
        fixture.advance(4_900);

        // 50 ms doubling to 3.2 s, each shortened by up to half: between 7 and 9 attempts instead of a thousand
        assertThat(fixture.node("a").attempts()).isBetween(6, 9);
    }

    @Test
    void retriesSoonAfterAProbeSaidThatTheNodeIsWell() {
        primaryIsUp();
        fixture.node("a").crash();
        RecordingRequest request = fixture.lease();
        fixture.advance(2_000);
        fixture.status(status("a", State.UNUSABLE));
        primaryIsUp();
        fixture.advance(5);

        fixture.node("a").accept();
        fixture.advance(100);

        assertThat(request.isLeased()).isTrue();
    }

    @Test
    void givesTheErrorOfTheNodeWhenEveryLoginIsRefusedForGood() {
        primaryIsUp();
        fixture.node("a").refuse(backendError(SqlState.INVALID_PASSWORD));

        RecordingRequest request = fixture.leased();
        RecordingRequest next = fixture.lease();

        assertThat(request.sqlState()).isEqualTo("28P01");
        assertThat(next.sqlState()).isEqualTo("28P01");
        assertThat(fixture.node("a").attempts()).isEqualTo(1);
    }

    @Test
    void servesFromOpenBackendsWhileFurtherLoginsAreRefused() {
        primaryIsUp();
        RecordingRequest holder = fixture.leased();
        fixture.node("a").refuse(backendError(SqlState.INVALID_PASSWORD));
        RecordingRequest waiting = fixture.leased();

        holder.lease().release();

        assertThat(waiting.isLeased()).isTrue();
    }

    @Test
    void namesTheLastFailureWhenNoBackendCouldBeOpenedInTime() {
        primaryIsUp();
        fixture.node("a").refuse(backendError(SqlState.TOO_MANY_CONNECTIONS));
        RecordingRequest request = fixture.lease();

        fixture.advance(5_000);

        assertThat(request.sqlState()).isEqualTo("57014");
        assertThat(request.refusal()).isNotNull();
        assertThat(request.refusal().response().detail()).contains("53300");
    }

    @Test
    @Case("B11")
    void boundsTheLoginsUnderWay() {
        PoolFixture many = new PoolFixture(PoolSettings.builder()
                .size(50)
                .connect(new PoolSettings.Connect(3, Duration.ofMillis(50), Duration.ofSeconds(1)))
                .build());
        many.status(status("a", State.PRIMARY));

        List<RecordingRequest> requests = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            requests.add(many.lease());
        }
        many.advance(1_000);

        assertThat(many.node("a").mostPendingLogins()).isEqualTo(3);
        assertThat(requests).allMatch(RecordingRequest::isLeased);
    }

    @Test
    void closesWhatIsIdleTooLongDownToTheLeastSize() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        RecordingRequest two = fixture.leased();
        one.lease().release();
        two.lease().release();

        fixture.advance(65_000);

        assertThat(fixture.node("a").open()).isEmpty();
    }

    @Test
    void opensAheadUpToTheLeastSize() {
        PoolFixture warm =
                new PoolFixture(PoolSettings.builder().size(5).minSize(2).build(), 2, 100);
        warm.pool(0);
        warm.pool(1);

        warm.status(status("a", State.PRIMARY));
        warm.advance(5_000);

        assertThat(warm.node("a").open()).hasSize(2);
    }

    @Test
    void closesABackendAtTheEndOfItsLifetimeOnceNobodyHoldsIt() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        FakeBackend backend = one.backend();
        fixture.advance(Duration.ofMinutes(11).toMillis());
        assertThat(backend.isOpen()).isTrue();

        one.lease().release();

        assertThat(backend.isOpen()).isFalse();
    }

    @Test
    void servesRequestsThatReleaseInsideTheGrantWithoutGrowingTheStack() {
        PoolFixture deep = new PoolFixture(
                PoolSettings.builder().size(1).maxWaiters(200_000).build());
        deep.status(status("a", State.PRIMARY));
        int[] served = {0};

        for (int i = 0; i < 100_000; i++) {
            deep.pool().lease(ShardPool.Role.PRIMARY, new LeaseRequest() {
                @Override
                public void onLeased(Lease lease) {
                    served[0]++;
                    lease.release();
                }

                @Override
                public void onRefused(RouterError error) {
                    throw new AssertionError(error);
                }

                @Override
                public Settings settings() {
                    return Settings.NONE;
                }
            });
        }
        deep.advance(10);

        assertThat(served[0]).isEqualTo(100_000);
    }

    @Test
    void refusesWhatWaitsAndClosesWhatIsIdleWhenItCloses() {
        primaryIsUp();
        RecordingRequest one = fixture.leased();
        RecordingRequest two = fixture.leased();
        RecordingRequest waiting = fixture.lease();
        FakeBackend backend = one.backend();

        fixture.directories.get(0).close();
        one.lease().release();

        assertThat(waiting.sqlState()).isEqualTo("57P01");
        assertThat(backend.isOpen()).isFalse();
        assertThat(two.backend().isOpen()).isTrue();
        assertThat(fixture.lease().sqlState()).isEqualTo("57P01");
        two.lease().release();
        assertThat(fixture.budget.heldOfNode("c", "a")).isZero();
    }

    private static RouterError backendError(SqlState state) {
        return new RouterError(Kind.BACKEND, ErrorResponse.of(Severity.FATAL, state, "refused"));
    }
}
