// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/**
 * One thing that is wrong in a configuration file.
 *
 * @param path the key with its sections, such as {@code listen.tls.mode}; empty for the file as a whole
 * @param value what stands there, shortened; secrets as {@code ***}
 * @param expectation what should stand there
 * @param line counted from 1, 0 when there is none
 */
public record ConfigProblem(String path, String value, String expectation, int line) {
    private static final int LONGEST_VALUE = 80;

    public ConfigProblem {
        if (value.length() > LONGEST_VALUE) {
            value = value.substring(0, LONGEST_VALUE) + "…";
        }
    }

    /** Returns the problem as people read it: {@code listen.port: 70000 (expected: 0..65535)}. */
    @Override
    public String toString() {
        return (path.isEmpty() ? "" : path + ": ") + value + " (expected: " + expectation + ")";
    }
}
