// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** What a statement has to do with the values of sequences that its backend remembers, for {@code lastval} and {@code currval}. */
public enum SequenceUse {
    /** Nothing, as far as the text tells. */
    NONE,
    /** Code that it runs unseen, such as a trigger, may advance a sequence. */
    MAY_ADVANCE,
    /** It is of a kind that advances sequences, or calls functions that may: what it advanced may be asked for next. */
    ADVANCES,
    /** It asks for the last value, by {@code lastval} or {@code currval}. */
    READS;

    /** Returns the one that asks more. */
    public SequenceUse with(SequenceUse other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
