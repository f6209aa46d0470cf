// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatestTopologyTest {
    private final LatestTopology latest = new LatestTopology();
    private final List<Long> seen = new ArrayList<>();

    @Test
    void neverGoesBackwards() {
        latest.subscribe(topology -> seen.add(topology.revision()));

        latest.offer(Topologies.plain(2));
        latest.offer(Topologies.plain(1));

        assertThat(seen).containsExactly(2L);
        assertThat(latest.current()).hasValue(Topologies.plain(2));
        assertThat(latest.trouble()).hasValue("revision 1 is older than revision 2, which is in use");
    }

    @Test
    void refusesAnotherContentUnderTheSameRevision() {
        latest.offer(Topologies.plain(2, 1));

        latest.offer(Topologies.plain(2, 7));

        assertThat(latest.current()).hasValue(Topologies.plain(2, 1));
        assertThat(latest.trouble()).hasValue("revision 2 has another content than when it was taken into use");
    }

    @Test
    void forgetsTroubleWhenTheCurrentRevisionIsOfferedAgain() {
        latest.offer(Topologies.plain(2));
        latest.refuse("broken");
        latest.subscribe(topology -> seen.add(topology.revision()));

        latest.offer(Topologies.plain(2));

        assertThat(latest.trouble()).isEmpty();
        assertThat(seen).containsExactly(2L);
    }

    @Test
    void startsLateSubscribersAtTheCurrentRevision() {
        latest.offer(Topologies.plain(1));
        latest.offer(Topologies.plain(2));

        latest.subscribe(topology -> seen.add(topology.revision()));
        latest.offer(Topologies.plain(3));

        assertThat(seen).containsExactly(2L, 3L);
    }

    @Test
    void endsOneSubscriptionAtATime() {
        TopologySource.Subscription first = latest.subscribe(topology -> seen.add(topology.revision()));
        latest.subscribe(topology -> seen.add(-topology.revision()));

        first.close();
        latest.offer(Topologies.plain(1));

        assertThat(seen).containsExactly(-1L);
    }

    @Test
    void takesNoteOfARefusalOneListenerFailsOn() {
        List<String> refused = new ArrayList<>();
        latest.onRefused(reason -> {
            throw new IllegalStateException("on purpose");
        });
        latest.onRefused(refused::add);

        latest.refuse("broken");

        assertThat(refused).containsExactly("broken");
        assertThat(latest.trouble()).hasValue("broken");
    }

    @Test
    void tellsTheOthersWhenOneListenerFails() {
        latest.subscribe(topology -> {
            throw new IllegalStateException("on purpose");
        });
        latest.subscribe(topology -> seen.add(topology.revision()));

        latest.offer(Topologies.plain(1));

        assertThat(seen).containsExactly(1L);
    }
}
