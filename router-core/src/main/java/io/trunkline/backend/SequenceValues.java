// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/**
 * Whose values of sequences a backend remembers, which {@code lastval} and {@code currval} would tell: one instance stands for one session.
 *
 * <p>A token without content, so that a backend does not keep the session alive.
 */
public final class SequenceValues {
    /** Nobody's: no sequence was used since the backend was new or reset. */
    public static final SequenceValues NONE = new SequenceValues();
    /** Those of several sessions. */
    public static final SequenceValues MIXED = new SequenceValues();
}
