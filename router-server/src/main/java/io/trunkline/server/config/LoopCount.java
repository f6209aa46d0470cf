// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/**
 * How many event loops to run: a number, or {@code cores} for one per processor.
 *
 * @param fixed the number, 0 for one per processor
 */
public record LoopCount(int fixed) {
    private static final int MOST = 256;

    /** One event loop per processor. */
    public static final LoopCount CORES = new LoopCount(0);

    /** Returns what a text stands for; throws IllegalArgumentException when it is neither {@code cores} nor 1..256. */
    public static LoopCount parse(String text) {
        if (text.equals("cores")) {
            return CORES;
        }
        int number = Integer.parseInt(text);
        if (number < 1 || number > MOST) {
            throw new IllegalArgumentException("out of range: " + number);
        }
        return new LoopCount(number);
    }

    /** Returns the number of loops on this machine. */
    public int resolve() {
        return fixed == 0 ? Math.min(MOST, Runtime.getRuntime().availableProcessors()) : fixed;
    }

    @Override
    public String toString() {
        return fixed == 0 ? "cores" : Integer.toString(fixed);
    }
}
