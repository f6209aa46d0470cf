// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

/**
 * What came of one statement, or of several that stand and fall together.
 *
 * @param outcome the kind
 * @param what the code of the refusal, such as {@code TL0107}; or both answers when they differ
 */
record Verdict(Outcome outcome, String what) {
    /** Kinds of verdicts. Only the first two are accepted. */
    enum Outcome {
        EQUAL,
        REFUSED,
        DIFFERENT
    }

    static final Verdict EQUAL = new Verdict(Outcome.EQUAL, "");

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
