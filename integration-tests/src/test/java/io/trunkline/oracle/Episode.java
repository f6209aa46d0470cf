// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.fixture.PostgresServer;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Runs steps from the first rows on: each answer is compared, and in the end the rows of all tables.
 *
 * @param database where the rows are
 * @param routerPort where the router, or what stands before it, listens
 * @param routerDatabase what the database is called there
 */
record Episode(OracleDatabase database, int routerPort, String routerDatabase) {
    /**
     * A difference.
     *
     * @param step the index of the step whose answer was different; the number of steps when the rows were in the end
     * @param what the difference
     */
    record Finding(int step, String what) {}

    /** Returns the first difference, if there is one. */
    Optional<Finding> run(List<Step> steps, OracleReport report) throws SQLException {
        database.reset();
        PostgresServer one = database.one();
        int index = 0;
        try (Dialog router = new Dialog(routerPort, routerDatabase);
                Dialog right = new Dialog(one.port(), database.name())) {
            Player player = new Player(router, right, report);
            for (Step step : steps) {
                Verdict verdict = player.play(step);
                if (verdict.isDifferent()) {
                    return Optional.of(new Finding(index, verdict.what()));
                }
                index++;
            }
        } catch (UncheckedIOException e) {
            return Optional.of(new Finding(index, "no answer: " + e.getMessage()));
        }
        List<String> differences = database.differences();
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Finding(steps.size(), "rows in the end:\n      " + String.join("\n      ", differences)));
    }
}
