// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.testing.Case;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PoolSettingsTest {
    @Test
    void namesTheValueOutOfRangeAndWhatWasExpected() {
        assertThatThrownBy(() -> PoolSettings.builder().size(0).build()).hasMessage("size: 0 (expected: 1..10000)");
        assertThatThrownBy(() -> PoolSettings.builder().size(3).minSize(4).build())
                .hasMessage("min_size: 4 (expected: 0..3)");
        assertThatThrownBy(
                        () -> PoolSettings.builder().failoverWait(Duration.ZERO).build())
                .hasMessage("failover_wait: PT0S (expected: more than 0)");
        assertThatThrownBy(() -> new PoolSettings.Connect(1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("connect.backoff_max");
        assertThatThrownBy(() -> new PoolSettings.Reset(" ", Duration.ofSeconds(1)))
                .hasMessageContaining("reset.query");
    }

    @Test
    @Case("D12")
    void doublesThePauseUpToTheLongestAndShortensItAtRandomByHalfAtMost() {
        Backoff backoff =
                new Backoff(new PoolSettings.Connect(1, Duration.ofMillis(100), Duration.ofMillis(350)), new Random(1));

        long first = backoff.onFailure(0);
        long second = backoff.onFailure(first);
        long third = backoff.onFailure(first + second);

        assertThat(first).isBetween(50_000_000L, 100_000_000L);
        assertThat(second).isBetween(100_000_000L, 200_000_000L);
        assertThat(third).isBetween(175_000_000L, 350_000_000L);
    }

    @Test
    void countsFailuresOfOneRoundOnce() {
        Backoff backoff =
                new Backoff(new PoolSettings.Connect(4, Duration.ofMillis(100), Duration.ofSeconds(60)), new Random(1));

        for (int i = 0; i < 50; i++) {
            backoff.onFailure(1_000);
        }

        assertThat(backoff.isPausing(1_000 + 100_000_000)).isFalse();
    }

    @Test
    void staysAtTheLongestPauseHoweverManyFailures() {
        Backoff backoff =
                new Backoff(new PoolSettings.Connect(1, Duration.ofSeconds(1), Duration.ofSeconds(30)), new Random(1));
        long now = 0;

        for (int i = 0; i < 200; i++) {
            now += backoff.onFailure(now);
        }

        assertThat(backoff.onFailure(now)).isBetween(15_000_000_000L, 30_000_000_000L);
    }
}
