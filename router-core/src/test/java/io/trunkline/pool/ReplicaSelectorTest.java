// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicaSelectorTest {
    private record Replica(String name, int weight, String zone, int busy, long stride)
            implements ReplicaSelector.Candidate {}

    private static final Replica LIGHT = new Replica("light", 1, "west", 0, 0);

    @Test
    void takesTheLeastBusyPerWeight() {
        Replica heavy = new Replica("heavy", 4, "", 3, 0);
        Replica light = new Replica("light", 1, "", 1, 0);

        assertThat(new ReplicaSelector("").choose(List.of(light, heavy), replica -> true))
                .isSameAs(heavy);
    }

    @Test
    void takesTheOneThatIsDueAmongEqualsByWeight() {
        Replica served = new Replica("served", 1, "", 0, ReplicaSelector.strideAfter(LIGHT));

        assertThat(new ReplicaSelector("").choose(List.of(served, LIGHT), replica -> true))
                .isSameAs(LIGHT);
    }

    @Test
    void staysInThePreferredZoneHoweverBusy() {
        Replica near = new Replica("near", 1, "east", 50, 0);

        assertThat(new ReplicaSelector("east").choose(List.of(LIGHT, near), replica -> true))
                .isSameAs(near);
    }

    @Test
    void leavesThePreferredZoneWhenNothingThereWillDo() {
        Replica near = new Replica("near", 1, "east", 0, 0);

        assertThat(new ReplicaSelector("east").choose(List.of(LIGHT, near), replica -> replica != near))
                .isSameAs(LIGHT);
    }

    @Test
    void choosesNothingFromNothing() {
        assertThat(new ReplicaSelector("").choose(List.of(LIGHT), replica -> false))
                .isNull();
    }

    @Test
    void letsANewcomerBeginWhereTheOthersAre() {
        Replica served = new Replica("served", 1, "", 0, 77);

        assertThat(ReplicaSelector.strideAmong(List.of(LIGHT, served))).isEqualTo(77);
    }
}
