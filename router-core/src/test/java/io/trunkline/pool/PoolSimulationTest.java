// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static io.trunkline.pool.PoolFixture.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterError.Kind;
import io.trunkline.error.RouterErrors;
import io.trunkline.health.NodeStatus;
import io.trunkline.health.NodeStatus.State;
import io.trunkline.pool.ShardPool.Role;
import io.trunkline.testing.FakeBackend;
import io.trunkline.testing.FakeNode;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random sessions, faults and role changes in virtual time. The seed is the test's argument; run one again by naming it in {@link #seeds}.
 *
 * <p>What must hold at every step: no backend has two holders, a lease comes from a node of the role, requests of a role are served in order
 * of arrival, a backend does not outlive its node's role, the limits of connections hold, nobody waits beyond the limits of time. At the end: everybody is served once the faults are
 * over, and every place of the budget is free once all leases have ended.
 */
class PoolSimulationTest {
    private static final Duration LEASE_WAIT = Duration.ofSeconds(2);
    private static final Duration FAILOVER_WAIT = Duration.ofSeconds(3);
    private static final List<String> NODES = List.of("a", "b", "c");

    static List<Long> seeds() {
        return new Random(20_26).longs(150).boxed().toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsItsPromises(long seed) {
        Simulation simulation = new Simulation(seed);

        for (int step = 0; step < 600; step++) {
            simulation.step();
            simulation.checkInvariants();
        }

        simulation.healAndServeEverybody();
        simulation.closeAndCheckNothingIsLeft();
    }

    private static final class Simulation {
        final Random random;
        final int size;
        final int placesPerNode;
        final PoolFixture fixture;
        final long startNanos;
        final List<Session> sessions = new ArrayList<>();
        final Set<BackendConnection> held = new HashSet<>();
        final Map<String, State> states = new HashMap<>();
        final Map<String, Long> lostRoleNanos = new HashMap<>();
        int timeline = 1;
        long arrivals;

        Simulation(long seed) {
            random = new Random(seed);
            size = 1 + random.nextInt(6);
            placesPerNode = 1 + random.nextInt(8);
            int loops = 1 + random.nextInt(3);
            PoolSettings settings = PoolSettings.builder()
                    .size(size)
                    .minSize(random.nextInt(2) * random.nextInt(size + 1))
                    .maxWaiters(1 + random.nextInt(30))
                    .leaseWaitTimeout(LEASE_WAIT)
                    .failoverWait(FAILOVER_WAIT)
                    .idleTimeout(Duration.ofMillis(500 + random.nextInt(5_000)))
                    .maxLifetime(Duration.ofSeconds(1 + random.nextInt(20)))
                    .connect(new PoolSettings.Connect(
                            1 + random.nextInt(3), Duration.ofMillis(10), Duration.ofMillis(500)))
                    .build();
            fixture = new PoolFixture(settings, loops, placesPerNode);
            startNanos = fixture.time.nanoTime();
            for (String node : NODES) {
                states.put(node, State.READABLE_REPLICA);
            }
            states.put("a", State.PRIMARY);
            publish();
            int count = 2 + random.nextInt(30);
            for (int i = 0; i < count; i++) {
                sessions.add(new Session(this, random.nextInt(loops)));
            }
        }

        /** Returns the time since the start; the clock itself passes the overflow on the way. */
        long nowNanos() {
            return fixture.time.nanoTime() - startNanos;
        }

        void step() {
            int dice = random.nextInt(100);
            if (dice < 4) {
                misbehave(fixture.node(anyNode()));
            } else if (dice < 8) {
                fixture.node(anyNode()).accept();
            } else if (dice < 11) {
                changeRoles();
            } else {
                sessions.get(random.nextInt(sessions.size())).act();
            }
            if (random.nextInt(3) > 0) {
                fixture.time.advance(Duration.ofNanos((long) (random.nextDouble() * random.nextDouble() * 60_000_000)));
            }
        }

        String anyNode() {
            return NODES.get(random.nextInt(NODES.size()));
        }

        void misbehave(FakeNode node) {
            switch (random.nextInt(5)) {
                case 0 -> node.crash();
                case 1 -> node.refuse(RouterErrors.connectFailed("x"));
                case 2 -> node.refuse(refusal(SqlState.INVALID_PASSWORD));
                case 3 -> node.refuse(refusal(SqlState.CANNOT_CONNECT_NOW));
                default -> node.breakConnections();
            }
        }

        void changeRoles() {
            Map<String, State> before = Map.copyOf(states);
            int timelineBefore = timeline;
            for (String node : NODES) {
                State state = states.get(node);
                if (state == State.PRIMARY || random.nextInt(3) == 0) {
                    states.put(node, State.values()[2 + random.nextInt(3)]);
                }
            }
            if (random.nextInt(4) > 0) {
                timeline++;
                states.put(anyNode(), State.PRIMARY);
            }
            for (String node : NODES) {
                State was = before.get(node);
                State is = states.get(node);
                boolean deposed = was == State.PRIMARY && (is != State.PRIMARY || timeline != timelineBefore);
                if (deposed || is == State.UNUSABLE && was != State.UNUSABLE) {
                    lostRoleNanos.put(node, fixture.time.nanoTime());
                }
            }
            publish();
        }

        void publish() {
            fixture.status(NODES.stream()
                    .map(node -> status(node, states.getOrDefault(node, State.UNKNOWN), timeline, 1))
                    .toArray(NodeStatus[]::new));
        }

        void checkInvariants() {
            for (String node : NODES) {
                assertThat(fixture.node(node).open().size()).isLessThanOrEqualTo(Math.min(size, placesPerNode));
                assertThat(fixture.budget.heldOfNode("c", node)).isLessThanOrEqualTo(Math.min(size, placesPerNode));
            }
            for (Session session : sessions) {
                session.checkWait();
            }
        }

        void healAndServeEverybody() {
            NODES.forEach(node -> fixture.node(node).accept());
            states.put("a", State.PRIMARY);
            states.put("b", State.READABLE_REPLICA);
            states.put("c", State.READABLE_REPLICA);
            timeline++;
            publish();
            for (int i = 0; i < 2_000; i++) {
                sessions.forEach(Session::finish);
                fixture.advance(5);
                checkInvariants();
            }
            assertThat(sessions).noneMatch(session -> session.waitsSince >= 0);
            for (Session session : sessions) {
                session.refusals = 0;
                session.ask();
                for (int i = 0; i < 200 && session.lease == null; i++) {
                    fixture.advance(5);
                }
                assertThat(session.refusals).isZero();
                assertThat(session.lease).isNotNull();
                session.finish();
            }
        }

        void closeAndCheckNothingIsLeft() {
            sessions.forEach(Session::finish);
            fixture.directories.forEach(PoolDirectory::close);
            fixture.advance(10_000);
            for (String node : NODES) {
                assertThat(fixture.node(node).open()).isEmpty();
                assertThat(fixture.budget.heldOfNode("c", node)).isZero();
            }
            assertThat(held).isEmpty();
        }

        private static RouterError refusal(SqlState state) {
            return new RouterError(Kind.BACKEND, ErrorResponse.of(Severity.FATAL, state, "refused"));
        }
    }

    /** A client that leases, holds for a while and gives back in every way there is. */
    private static final class Session implements LeaseRequest {
        final Simulation simulation;
        final int loop;
        Role role = Role.PRIMARY;
        long arrival;
        long waitsSince = -1;

        @Nullable
        Lease lease;

        int refusals;

        Session(Simulation simulation, int loop) {
            this.simulation = simulation;
            this.loop = loop;
        }

        void act() {
            if (lease != null) {
                giveBack();
            } else if (waitsSince < 0) {
                ask();
            } else if (simulation.random.nextInt(10) == 0) {
                simulation.fixture.pool(loop).withdraw(this);
                waitsSince = -1;
            }
        }

        void ask() {
            role = Role.values()[simulation.random.nextInt(Role.values().length)];
            arrival = simulation.arrivals++;
            waitsSince = simulation.nowNanos();
            simulation.fixture.pool(loop).lease(role, this);
        }

        void giveBack() {
            Lease given = lease;
            if (given == null) {
                return;
            }
            lease = null;
            simulation.held.remove(given.backend());
            switch (simulation.random.nextInt(8)) {
                case 0 -> given.discard("client gone");
                case 1 -> given.releaseAfterReset();
                case 2 -> {
                    if (given.backend().isOpen()) {
                        FakeBackend.of(given.backend()).leaveReplyOutstanding();
                    }
                    given.release();
                }
                default -> given.release();
            }
        }

        void finish() {
            Lease given = lease;
            if (given != null) {
                lease = null;
                simulation.held.remove(given.backend());
                given.release();
            }
        }

        void checkWait() {
            if (waitsSince >= 0) {
                long waited = simulation.nowNanos() - waitsSince;
                assertThat(waited)
                        .isLessThanOrEqualTo(LEASE_WAIT.plus(FAILOVER_WAIT).toNanos());
            }
        }

        @Override
        public void onLeased(Lease granted) {
            assertThat(waitsSince).as("a request is answered once").isNotNegative();
            waitsSince = -1;
            lease = granted;
            assertThat(simulation.held.add(granted.backend()))
                    .as("a backend has one holder")
                    .isTrue();
            assertThat(granted.backend().isOpen()).isTrue();
            assertThat(granted.isCurrent()).isTrue();
            String node = granted.backend().target().node();
            Long lostRole = simulation.lostRoleNanos.get(node);
            if (lostRole != null) {
                assertThat(granted.backend().openedNanos() - lostRole)
                        .as("a backend does not outlive the role of its node")
                        .isNotNegative();
            }
            State state = simulation.states.get(node);
            switch (role) {
                case PRIMARY -> assertThat(state).isEqualTo(State.PRIMARY);
                case REPLICA -> assertThat(state).isEqualTo(State.READABLE_REPLICA);
                case PREFER_REPLICA -> assertThat(state).isIn(State.PRIMARY, State.READABLE_REPLICA);
            }
            for (Session other : simulation.sessions) {
                if (other.loop == loop && other.role == role && other.waitsSince >= 0) {
                    assertThat(other.arrival).as("first come, first served").isGreaterThan(arrival);
                }
            }
        }

        @Override
        public void onRefused(RouterError error) {
            assertThat(waitsSince).as("a request is answered once").isNotNegative();
            waitsSince = -1;
            refusals++;
        }

        @Override
        public Settings settings() {
            return Settings.NONE;
        }
    }
}
