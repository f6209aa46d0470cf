// SPDX-License-Identifier: Apache-2.0
package io.trunkline.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObservationTest {
    @Test
    void readsTheTimelineOfAPrimaryFromTheFileItWrites() {
        Observation primary = read("f", "7710403418636841343", "0000000B0000000000000002", "1", "0/3000058", "f");

        assertThat(primary).isEqualTo(new Observation(false, 7710403418636841343L, 11, 0x3000058, false));
    }

    @Test
    void readsTheTimelineOfAStandbyFromItsReceiver() {
        Observation standby = read("t", "7710403418636841343", null, "2", "16/B374D848", "t");

        assertThat(standby).isEqualTo(new Observation(true, 7710403418636841343L, 2, 0x16_B374D848L, true));
    }

    @Test
    void knowsNoPositionOfAStandbyThatReplayedNothing() {
        assertThat(read("t", "1", null, "1", null, "f").position()).isZero();
    }

    @Test
    void rejectsWhatIsNoAnswer() {
        assertThatThrownBy(() -> Observation.read(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("t", null, null, "1", "0/1", "t")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("t", "1", null, "1", "nonsense", "t"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("f", "1", "0000", "1", "0/1", "f")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void comparesPositionsAsUnsignedNumbers() {
        assertThat(Lsn.behind(Lsn.parse("7FFFFFFF/FFFFFFFF"), Lsn.parse("80000000/0")))
                .isEqualTo(1);
        assertThat(Lsn.behind(Lsn.parse("80000000/0"), Lsn.parse("7FFFFFFF/0"))).isZero();
    }

    private static Observation read(String... row) {
        return Observation.read(List.of(Arrays.asList(row)));
    }
}
