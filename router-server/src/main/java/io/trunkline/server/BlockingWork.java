// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads for what must not run on an event loop: host name lookups, which wait for name servers, and password hashing, which takes
 * milliseconds of a processor. Apart from each other, so that a dead name server does not keep anybody from logging in.
 */
final class BlockingWork implements AutoCloseable {
    private static final int LOOKUP_THREADS = 4;
    private static final int HASHING_THREADS = 2;
    private static final int WAITING_MAX = 10_000;
    private static final int IDLE_SECONDS = 30;

    private final ExecutorService lookups = pool("lookup-", LOOKUP_THREADS);
    private final ExecutorService hashing = pool("hashing-", HASHING_THREADS);

    /** Returns the threads for host name lookups; rejects when too many wait. */
    ExecutorService lookups() {
        return lookups;
    }

    /** Returns the threads for password hashing; rejects when too many wait. */
    ExecutorService hashing() {
        return hashing;
    }

    @Override
    public void close() {
        lookups.shutdownNow();
        hashing.shutdownNow();
    }

    private static ExecutorService pool(String prefix, int threads) {
        AtomicInteger next = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_MAX), work -> {
                    Thread thread = new Thread(work, prefix + next.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
