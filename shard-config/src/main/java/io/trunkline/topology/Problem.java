// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * One thing wrong with a topology document.
 *
 * @param path where: {@code clusters[0].shards[1].nodes[0].port}; empty for the document as a whole
 * @param value what stands there, or what is wrong with it
 * @param expectation what would be right
 */
public record Problem(String path, String value, String expectation) {
    /** Returns the problem seen from outside: its path continues the one given. */
    Problem within(String outer) {
        if (outer.isEmpty()) {
            return this;
        }
        String joined = path.isEmpty() ? outer : path.startsWith("[") ? outer + path : outer + "." + path;
        return new Problem(joined, value, expectation);
    }

    /** Returns {@code path: value (expected: expectation)}. */
    @Override
    public String toString() {
        return (path.isEmpty() ? "document" : path) + ": " + value + " (expected: " + expectation + ")";
    }
}
