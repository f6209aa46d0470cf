// SPDX-License-Identifier: Apache-2.0
package io.trunkline.decision;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The names of the transactions of one router, from its start to its end. From any thread.
 *
 * <p>Nothing is remembered over a restart: 128 random bits tell this run from every other one of every router.
 */
public final class TransactionIds {
    private static final int INSTANCE_BYTES = 16;

    private final String instance;
    private final AtomicLong number = new AtomicLong();

    private TransactionIds(String instance) {
        this.instance = instance;
    }

    /** Begins a run with random bits of its own. */
    public static TransactionIds ofNewInstance() {
        byte[] bytes = new byte[INSTANCE_BYTES];
        new SecureRandom().nextBytes(bytes);
        return new TransactionIds(HexFormat.of().formatHex(bytes));
    }

    /** Begins a run under a known name: for tests, whose names must be the same each time. */
    public static TransactionIds of(String instance) {
        return new TransactionIds(instance);
    }

    /** Returns a name that nobody has had. */
    public TransactionId next(String cluster) {
        return new TransactionId(cluster, instance, number.getAndIncrement());
    }
}
