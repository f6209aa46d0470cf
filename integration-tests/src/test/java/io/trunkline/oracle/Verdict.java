// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

/**
 * What came of one statement, or of several that stand and fall together.
 *
 * @param outcome the kind
 * @param what the code of the refusal, such as {@code TL0107}; or both answers when they differ
 */
record Verdict(Outcome outcome, String what) {
    /** Kinds of verdicts. The last one is not accepted. */
    enum Outcome {
        EQUAL,
        REFUSED,
        /** Several rows are wrong, and the error is that of another one. */
        OTHER_ROW,
        DIFFERENT
    }

    static final Verdict EQUAL = new Verdict(Outcome.EQUAL, "");

    static final Verdict OTHER_ROW = new Verdict(Outcome.OTHER_ROW, "");

    static Verdict refused(String code) {
        return new Verdict(Outcome.REFUSED, code);
    }

    static Verdict different(String what) {
        return new Verdict(Outcome.DIFFERENT, what);
    }

    boolean isDifferent() {
        return outcome == Outcome.DIFFERENT;
    }

    boolean isRefused() {
        return outcome == Outcome.REFUSED;
    }
}
