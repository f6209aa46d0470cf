// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Looks at a router's memory several times a second, from when it is made until it is closed, in a thread of its own. */
final class MemoryWatch implements AutoCloseable {
    private static final long INTERVAL_MILLIS = 100;

    /**
     * The most there was of each, and what was left in the end.
     *
     * @param residentStartBytes resident memory when the watch began
     * @param residentBytes most resident memory, as the kernel notes it: between two looks, too
     * @param residentEndBytes resident memory in the end
     * @param heapBytes most heap in use, garbage included
     * @param directBytes most direct memory of the allocator of network buffers
     */
    record Peak(long residentStartBytes, long residentBytes, long residentEndBytes, long heapBytes, long directBytes) {}

    private final SmallRouter router;
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread = new Thread(this::watch, "memory-watch");
    private final long residentStartBytes;
    private long heapBytes;
    private long directBytes;
    private @Nullable RuntimeException failure;

    MemoryWatch(SmallRouter router) {
        this.router = router;
        router.resetPeak();
        residentStartBytes = router.residentBytes();
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            do {
                look();
            } while (!end.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS));
            look();
        } catch (RuntimeException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        List<String> metrics = router.metrics();
        heapBytes = Math.max(heapBytes, SmallRouter.sum(metrics, "jvm_memory_used_bytes{area=\"heap\""));
        directBytes = Math.max(directBytes, SmallRouter.sum(metrics, "trunkline_buffer_direct_bytes"));
    }

    /** Ends the watch and returns what it saw. */
    Peak end() throws InterruptedException {
        close();
        thread.join();
        if (failure != null) {
            throw failure;
        }
        return new Peak(residentStartBytes, router.residentPeakBytes(), router.residentBytes(), heapBytes, directBytes);
    }

    @Override
    public void close() {
        end.countDown();
    }
}
