// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SequenceDemandTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final SequenceDemand demand = new SequenceDemand(SECOND);
    private long nanos = 5;
    private long count;
    private long end;

    /** Looks after a time in which numbers were used, and returns how many blocks of 100 are wanted; gives them. */
    private int look(Duration elapsed, long used) {
        nanos += elapsed.toNanos();
        count += used;
        demand.saw(new SequenceState(true, count, end, 1), nanos);
        int blocks = demand.blocks(100);
        end = Math.max(end, count) + blocks * 100L;
        demand.added(blocks * 100L);
        return blocks;
    }

    @Test
    void keepsFourBlocksWhereNoneIsUsed() {
        assertThat(look(SECOND, 0)).isEqualTo(4);
        assertThat(look(SECOND, 0)).isZero();
        assertThat(look(SECOND, 99)).isZero();
        assertThat(look(SECOND, 1)).isEqualTo(1);
    }

    @Test
    void growsFourfoldUntilItIsEnough() {
        look(SECOND, 0);

        assertThat(look(SECOND, 400)).isEqualTo(16);
        assertThat(demand.isUrgent()).isTrue();
        assertThat(look(SECOND, 1_600)).isEqualTo(64);
        assertThat(look(SECOND, 1_600)).isEqualTo(16);
        assertThat(demand.isUrgent()).isFalse();
        assertThat(look(SECOND, 1_600)).isEqualTo(16);
    }

    @Test
    void takesWhatIsUsedInATenthOfTheTimeForATenth() {
        look(SECOND, 0);

        // 400 in a tenth of a second: 16,000 should be there.
        assertThat(look(Duration.ofMillis(100), 400)).isEqualTo(160);
        assertThat(look(Duration.ofMillis(100), 400)).isEqualTo(4);
    }

    @Test
    void forgetsABurstSlowly() {
        look(SECOND, 0);
        look(SECOND, 400);
        int looks = 0;
        while (look(SECOND, 50) == 0) {
            looks++;
        }

        // 1,600 were at hand; until they were down to what eight times more of 50 want.
        assertThat(looks).isBetween(10, 25);
    }

    @Test
    void asksForNoMoreThanAThousandBlocksAtATime() {
        look(SECOND, 0);

        assertThat(look(SECOND, 1_000_000)).isEqualTo(1_000);
    }

    @Test
    void isUrgentWhileNothingIsLeft() {
        demand.saw(new SequenceState(true, 40, 40, 41), 7);

        assertThat(demand.isUrgent()).isTrue();
        assertThat(demand.blocks(10)).isEqualTo(4);
    }

    @Test
    void takesACountThatWentBackForNoUse() {
        look(SECOND, 0);
        look(SECOND, 100);
        count -= 64;

        assertThat(look(SECOND, 0)).isZero();
    }
}
