// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import java.util.List;
import java.util.stream.Collectors;

/** A topology that contradicts itself or a document that is not one, with everything wrong with it. */
public final class InvalidTopologyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** How many problems are kept; a document with more is most likely not a topology at all. */
    static final int PROBLEMS_MAX = 100;

    private final transient List<Problem> problems;

    InvalidTopologyException(List<Problem> problems) {
        super(
                problems.stream().limit(PROBLEMS_MAX).map(Problem::toString).collect(Collectors.joining("\n")),
                null,
                false,
                false);
        this.problems = problems.stream().limit(PROBLEMS_MAX).toList();
    }

    static InvalidTopologyException at(String path, Object value, String expectation) {
        return new InvalidTopologyException(List.of(new Problem(path, String.valueOf(value), expectation)));
    }

    static void throwIfAny(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new InvalidTopologyException(problems);
        }
    }

    /** Returns the problems, in the order of the document; never empty. */
    public List<Problem> problems() {
        return problems;
    }
}
