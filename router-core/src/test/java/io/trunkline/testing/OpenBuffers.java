// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * The buffers of this JVM that are allocated and not released, exactly and at once, where Netty's own leak detection waits for the garbage
 * collector.
 *
 * <p>JUnit installs it before the first test class is loaded, as it must stand before Netty creates its detector. Heap buffers of
 * {@code Unpooled} are not seen: Netty does not track them.
 */
public final class OpenBuffers implements LauncherSessionListener {
    private static final Map<Long, Throwable> OPEN = new ConcurrentHashMap<>();
    private static final AtomicLong CREATED = new AtomicLong();

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Factory());
    }

    /** Returns a mark to give to {@link #since}. */
    public static long mark() {
        return CREATED.get();
    }

    /** Returns where each buffer was allocated that was allocated after the mark and is still open. */
    public static List<Throwable> since(long mark) {
        List<Throwable> open = new ArrayList<>();
        OPEN.forEach((number, allocation) -> {
            if (number > mark) {
                open.add(allocation);
            }
        });
        return open;
    }

    private static final class Factory extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation")
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return new Detector<>(resource, samplingInterval);
        }
    }

    private static final class Detector<T> extends ResourceLeakDetector<T> {
        Detector(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        public @Nullable ResourceLeakTracker<T> track(T resource) {
            // OpenSSL's sessions are tracked too, but they may live on in the cache of their context.
            return resource instanceof ByteBuf ? new Tracker<>(CREATED.incrementAndGet()) : null;
        }
    }

    /** One open buffer. */
    private static final class Tracker<T> implements ResourceLeakTracker<T> {
        private final long number;

        Tracker(long number) {
            this.number = number;
            OPEN.put(number, new Throwable("buffer allocated here was not released"));
        }

        @Override
        public void record() {}

        @Override
        public void record(Object hint) {}

        @Override
        public boolean close(T tracked) {
            return OPEN.remove(number) != null;
        }
    }
}
