// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** A client that asks one small question after the other and notes how long each answer took. */
final class LatencyProbe implements AutoCloseable {
    private final WireClient client;
    private int question;

    /** What the answers of some time took. */
    record Latencies(int answers, long p50Micros, long p99Micros, long mostMicros) {
        @Override
        public String toString() {
            return "%,d answers, p50 %,d µs, p99 %,d µs, most %,d µs"
                    .formatted(answers, p50Micros, p99Micros, mostMicros);
        }
    }

    LatencyProbe(WireClient client) {
        this.client = client;
    }

    /** Asks for so long. */
    Latencies askFor(long seconds) {
        long[] nanos = new long[1_024];
        int count = 0;
        long start = System.nanoTime();
        for (long now = start; now - start < TimeUnit.SECONDS.toNanos(seconds); count++) {
            String wanted = Integer.toString(++question);
            String answer = client.ask("select " + wanted);
            if (!wanted.equals(answer)) {
                throw new AssertionError("the answer to " + wanted + " is " + answer);
            }
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, count * 2);
            }
            long answered = System.nanoTime();
            nanos[count] = answered - now;
            now = answered;
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return new Latencies(
                count, sorted[count / 2] / 1_000, sorted[count * 99 / 100] / 1_000, sorted[count - 1] / 1_000);
    }

    @Override
    public void close() {
        client.close();
    }
}
