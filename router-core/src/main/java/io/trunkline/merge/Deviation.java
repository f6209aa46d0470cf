// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/** What is computed of how far values lie apart. */
public enum Deviation {
    /** {@code var_samp} and {@code variance}: NULL of fewer than two values. */
    VAR_SAMP,
    /** {@code var_pop}: NULL of none. */
    VAR_POP,
    /** {@code stddev_samp} and {@code stddev}. */
    STDDEV_SAMP,
    /** {@code stddev_pop}. */
    STDDEV_POP;

    /** Returns true for those of a sample, which divide by one less than the number of values. */
    boolean isOfSample() {
        return this == VAR_SAMP || this == STDDEV_SAMP;
    }

    /** Returns true for square roots. */
    boolean isRoot() {
        return this == STDDEV_SAMP || this == STDDEV_POP;
    }
}
