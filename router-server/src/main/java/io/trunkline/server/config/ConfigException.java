// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A configuration file that cannot be used, with everything that is wrong in it. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<ConfigProblem> problems;

    /**
     * Creates the exception.
     *
     * @param file the file's name as the operator gave it
     * @param problems at least one
     */
    public ConfigException(String file, List<ConfigProblem> problems) {
        super(problems.stream()
                .sorted(Comparator.comparingInt(ConfigProblem::line))
                .map(problem -> file + (problem.line() > 0 ? ":" + problem.line() : "") + ": " + problem)
                .collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** Returns what is wrong. */
    public List<ConfigProblem> problems() {
        return problems;
    }
}
