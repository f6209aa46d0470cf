// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.testing.Case;
import io.trunkline.wire.BackendKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CancelRegistryTest {
    private static final int KEYS = 4_000;

    private final CancelRegistry registry = new CancelRegistry();

    @Test
    @Case("X13")
    void X13_aKeyOfProtocol30CarriesTheNumberAndAtLeast45RandomBits() {
        for (int number : new int[] {0, 1, 512, CancelRegistry.ROUTER_NUMBER_MAX}) {
            registry.routerNumber(number);
            long everSet = 0;
            long everClear = 0;
            Set<Long> keys = new HashSet<>();

            for (int i = 0; i < KEYS; i++) {
                BackendKey key = registry.register(BackendKey.SECRET_BYTES_3_0, Runnable::run);
                long bits = (long) key.processId() << 32
                        | Integer.toUnsignedLong(ByteBuffer.wrap(key.secret()).getInt());
                assertThat(CancelRegistry.routerOf(key)).isEqualTo(number);
                assertThat(key.processId()).isPositive();
                everSet |= bits;
                everClear |= ~bits;
                keys.add(bits);
                registry.unregister(key);
            }

            assertThat(Long.bitCount(everSet & everClear)).as("bits that vary").isEqualTo(53);
            assertThat(keys).hasSize(KEYS);
        }
    }

    @Test
    @Case("X13")
    void X13_theLongerSecretOfProtocol32IsAllRandom() {
        registry.routerNumber(7);
        BackendKey first = registry.register(32, Runnable::run);
        BackendKey second = registry.register(32, Runnable::run);

        int differing = 0;
        for (int i = 0; i < first.secret().length; i++) {
            differing += Integer.bitCount((first.secret()[i] ^ second.secret()[i]) & 0xff);
        }

        assertThat(CancelRegistry.routerOf(first)).isEqualTo(7);
        assertThat(first.secret()).hasSize(32);
        assertThat(differing).isBetween(70, 186);
    }

    @Test
    void keysGivenUnderAnEarlierNumberAreStillItsOwn() {
        List<String> cancelled = new ArrayList<>();
        BackendKey before = registry.register(4, delivered -> cancelled.add("before"));

        registry.routerNumber(3);
        BackendKey after = registry.register(4, delivered -> cancelled.add("after"));

        assertThat(registry.cancel(before, () -> {})).isTrue();
        assertThat(registry.cancel(after, () -> {})).isTrue();
        assertThat(cancelled).containsExactly("before", "after");
    }

    @Test
    void aSecretThatDiffersCancelsNothing() {
        BackendKey key = registry.register(4, delivered -> {
            throw new AssertionError("cancelled");
        });
        byte[] wrong = key.secret().clone();
        wrong[3] ^= 1;

        assertThat(registry.cancel(new BackendKey(key.processId(), wrong), () -> {}))
                .isFalse();
        assertThat(registry.cancel(new BackendKey(key.processId(), new byte[32]), () -> {}))
                .isFalse();
    }

    @Test
    void refusesANumberThatHasNoRoom() {
        assertThatThrownBy(() -> registry.routerNumber(1024)).hasMessageContaining("expected: 0 to 1023");
    }
}
