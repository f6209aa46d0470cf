// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.oracle.Episode.Finding;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/** Episodes of one schema, one after another until one shows a difference. */
final class OracleRound {
    private static final int STEPS = 30;

    private final Episode episode;
    private final long seed;
    private final OracleReport report;
    private int number;

    /** Creates the episodes of a seed; they are counted in the report. */
    OracleRound(Episode episode, long seed, OracleReport report) {
        this.episode = episode;
        this.seed = seed;
        this.report = report;
    }

    /** Runs the next episode, and returns what it found in as few steps as could be found. */
    Optional<String> next() throws SQLException {
        List<Step> steps = steps();
        number++;
        Optional<Finding> finding = episode.run(steps, report);
        if (finding.isEmpty()) {
            return Optional.empty();
        }
        Shrinker shrinker = new Shrinker(episode, steps, finding.get());
        List<Step> fewest = shrinker.shrink();
        return Optional.of(describe(fewest, shrinker.finding()));
    }

    /** Runs the next episode, and says whether it found anything. */
    boolean nextFinds() throws SQLException {
        List<Step> steps = steps();
        number++;
        return episode.run(steps, report).isPresent();
    }

    private List<Step> steps() {
        Random random = new Random(seed * 31
                + number * 0x9E3779B97F4A7C15L
                + episode.database().schema().shardCount());
        return new StatementGenerator(episode.database().schema(), random).steps(STEPS);
    }

    private String describe(List<Step> steps, Finding finding) {
        OracleSchema schema = episode.database().schema();
        return "%d shards, seed %d, episode %d\n%s\n%s\nsteps:\n  %s\n  %s\nagain: ./mvnw -Poracle verify -Doracle.seed=%d -Doracle.shards=%d -Doracle.episode=%d\n"
                .formatted(
                        schema.shardCount(),
                        seed,
                        number - 1,
                        schema,
                        schema.spreads().stream().map(Spread::toString).collect(Collectors.joining("\n")),
                        steps.stream().map(Step::toString).collect(Collectors.joining("\n  ")),
                        finding.what(),
                        seed,
                        schema.shardCount(),
                        number - 1);
    }

    /** Leaves episodes out. */
    void skipTo(int episodeNumber) {
        number = episodeNumber;
    }
}
