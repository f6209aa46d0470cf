// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.trunkline.SharedAcrossLoops;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The keys derived from passwords lately, so that the slow hash runs once per password and salt and never on an event loop.
 *
 * <p>Connections that ask for the same keys at the same time wait for one derivation. Bounded by the number of entries; the executor bounds
 * how many derivations wait.
 */
@SharedAcrossLoops("the cache is concurrent and its keys and values are immutable")
public final class ScramKeyCache {
    /** Roles × nodes a router usually has, with room. */
    public static final int ENTRIES_MAX_DEFAULT = 10_000;

    /** The password is part of the identity: after a rotation the old keys are not found. */
    private record Derivation(Password password, byte[] salt, int iterations) {
        ScramKeys keys() {
            return ScramKeys.derive(password, salt, iterations);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Derivation derivation
                    && derivation.iterations == iterations
                    && Arrays.equals(derivation.salt, salt)
                    && derivation.password.equals(password);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(salt);
        }
    }

    private final Executor executor;
    private final AsyncCache<Derivation, ScramKeys> derived;

    /**
     * Makes an empty cache.
     *
     * @param executor runs the derivations; bounded, never an event loop
     * @param entriesMax how many keys are kept
     */
    public ScramKeyCache(Executor executor, int entriesMax) {
        this.executor = executor;
        // The executor is for derivations only; the cache's own upkeep is a few pointers.
        this.derived = Caffeine.newBuilder()
                .maximumSize(entriesMax)
                .executor(Runnable::run)
                .buildAsync();
    }

    /** Returns the keys of a password, at once when they are known; fails when the executor is full. */
    public CompletableFuture<ScramKeys> keys(Password password, ScramClient.Challenge challenge) {
        try {
            return derived.get(
                    new Derivation(password, challenge.salt(), challenge.iterations()),
                    (derivation, upkeep) -> CompletableFuture.supplyAsync(derivation::keys, executor));
        } catch (RejectedExecutionException full) {
            return CompletableFuture.failedFuture(full);
        }
    }
}
