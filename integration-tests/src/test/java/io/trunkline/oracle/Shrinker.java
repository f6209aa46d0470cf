// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Episode.Finding;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks for fewer and simpler steps that still show a difference, by trying. One for each finding. */
final class Shrinker {
    private static final int TRIES_MAX = 400;
    /** An answer that does not come takes long each time. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Episode episode;
    private List<Step> steps;
    private Finding finding;
    private final long start = System.nanoTime();
    private int tries;

    Shrinker(Episode episode, List<Step> steps, Finding finding) {
        this.episode = episode;
        this.finding = finding;
        this.steps = List.copyOf(steps.subList(0, Math.min(steps.size(), finding.step() + 1)));
    }

    /** Returns the fewest steps that were found; {@link #finding} is what they show. */
    List<Step> shrink() throws SQLException {
        dropSteps();
        while (simplifyOne()) {
            dropSteps();
        }
        return steps;
    }

    Finding finding() {
        return finding;
    }

    private void dropSteps() throws SQLException {
        for (int length = Math.max(1, steps.size() / 2); length > 0; length /= 2) {
            for (int from = 0; from < steps.size() && steps.size() > 1; ) {
                List<Step> fewer = new ArrayList<>(steps);
                fewer.subList(from, Math.min(steps.size(), from + length)).clear();
                if (fewer.isEmpty() || !isTaken(fewer)) {
                    from += length;
                }
            }
        }
    }

    private boolean simplifyOne() throws SQLException {
        for (int i = 0; i < steps.size(); i++) {
            for (Step simpler : steps.get(i).simpler()) {
                List<Step> changed = new ArrayList<>(steps);
                changed.set(i, simpler);
                if (isTaken(changed)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Tries other steps, and goes on with them when they show a difference too. */
    private boolean isTaken(List<Step> candidate) throws SQLException {
        if (tries++ >= TRIES_MAX || System.nanoTime() - start > LIMIT.toNanos()) {
            return false;
        }
        Optional<Finding> found = episode.run(candidate, new OracleReport());
        found.ifPresent(difference -> {
            steps = List.copyOf(candidate);
            finding = difference;
        });
        return found.isPresent();
    }
}
