// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves a buffer unreleased, and shows where it was allocated.
 *
 * <p>Use as {@code @ExtendWith(ByteBufLeaks.class)}; in property tests, which JUnit's extensions do not reach, call {@link #during}. Buffers of
 * all threads count, so what the test started must have ended.
 */
public final class ByteBufLeaks implements BeforeEachCallback, AfterEachCallback {
    private long mark;

    /** What a test does. */
    public interface Body {
        /** Runs it. */
        void run() throws Exception;
    }

    /** Runs something and fails when it leaves a buffer unreleased. */
    public static void during(Body body) throws Exception {
        long mark = OpenBuffers.mark();
        body.run();
        check(mark);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        mark = OpenBuffers.mark();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        // A failed test may have left early; its own failure is the one to read.
        if (context.getExecutionException().isEmpty()) {
            check(mark);
        }
    }

    private static void check(long mark) {
        List<Throwable> open = OpenBuffers.since(mark);
        if (!open.isEmpty()) {
            throw new AssertionError(open.size() + " buffer(s) not released, the first allocated here", open.get(0));
        }
    }
}
