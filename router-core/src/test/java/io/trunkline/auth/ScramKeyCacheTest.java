// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ScramKeyCacheTest {
    private static final ScramClient.Challenge CHALLENGE = new ScramClient.Challenge(new byte[] {1, 2, 3}, 64);
    private static final Password SECRET = Password.of("secret");

    private final Deque<Runnable> queued = new ArrayDeque<>();

    @Test
    void A11_S17_derivesOnTheExecutorOnceForAllWhoWait() {
        ScramKeyCache cache = new ScramKeyCache(queued::add, 10);

        CompletableFuture<ScramKeys> first = cache.keys(SECRET, CHALLENGE);
        CompletableFuture<ScramKeys> second = cache.keys(SECRET, CHALLENGE);
        boolean derivedHere = first.isDone();
        int queuedCount = queued.size();
        runQueued();

        assertThat(derivedHere).isFalse();
        assertThat(queuedCount).isEqualTo(1);
        assertThat(first.join()).isEqualTo(second.join()).isEqualTo(ScramKeys.derive(SECRET, new byte[] {1, 2, 3}, 64));
    }

    @Test
    void A11_answersAtOnceWhatItKnows() {
        ScramKeyCache cache = new ScramKeyCache(queued::add, 10);
        cache.keys(SECRET, CHALLENGE);
        runQueued();

        CompletableFuture<ScramKeys> again =
                cache.keys(Password.of("secret"), new ScramClient.Challenge(new byte[] {1, 2, 3}, 64));

        assertThat(again).isCompleted();
    }

    @Test
    void A06_A19_neverMixesPasswordsSaltsOrIterations() {
        ScramKeyCache cache = new ScramKeyCache(Runnable::run, 10);

        ScramKeys keys = cache.keys(SECRET, CHALLENGE).join();
        ScramKeys otherPassword = cache.keys(Password.of("rotated"), CHALLENGE).join();
        ScramKeys otherSalt = cache.keys(SECRET, new ScramClient.Challenge(new byte[] {9}, 64))
                .join();
        ScramKeys otherIterations = cache.keys(SECRET, new ScramClient.Challenge(new byte[] {1, 2, 3}, 65))
                .join();

        assertThat(otherPassword).isNotEqualTo(keys);
        assertThat(otherSalt).isNotEqualTo(keys);
        assertThat(otherIterations).isNotEqualTo(keys);
    }

    @Test
    void A11_failsWhenTheExecutorIsFullAndRecovers() {
        boolean[] full = {true};
        ScramKeyCache cache = new ScramKeyCache(
                task -> {
                    if (full[0]) {
                        throw new RejectedExecutionException("full");
                    }
                    task.run();
                },
                10);

        CompletableFuture<ScramKeys> refused = cache.keys(SECRET, CHALLENGE);
        full[0] = false;
        CompletableFuture<ScramKeys> accepted = cache.keys(SECRET, CHALLENGE);

        assertThat(refused).isCompletedExceptionally();
        assertThat(accepted).isCompleted();
    }

    private void runQueued() {
        while (!queued.isEmpty()) {
            queued.remove().run();
        }
    }
}
