// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.FixtureException;
import java.util.List;
import java.util.Set;

/**
 * The rounds of a benchmark by pgbench.
 *
 * <p>In each round every workload is done by every contender, one after the other, and each round begins with another contender, so that what else the
 * machine does falls on all alike.
 */
final class BenchRounds {
    private static final int WARMUP_PASSES = 2;

    private final BenchOptions options;
    private final List<Contender> contenders;
    private final PgbenchRun pgbench;
    private final Measurements measurements = new Measurements();

    BenchRounds(BenchOptions options, List<Contender> contenders, PgbenchRun pgbench) {
        this.options = options;
        this.contenders = List.copyOf(contenders);
        this.pgbench = pgbench;
    }

    /** Runs them all, behind a warm-up. */
    Measurements run(Set<Workload> workloads) {
        warmUp(workloads);
        for (int round = 0; round < options.rounds(); round++) {
            for (Workload workload : workloads) {
                for (int turn = 0; turn < contenders.size(); turn++) {
                    measure(contenders.get((round + turn) % contenders.size()), workload, round);
                }
            }
        }
        return measurements;
    }

    private void measure(Contender contender, Workload workload, int round) {
        if (!workload.suits(contender)) {
            return;
        }
        try {
            Measurement measurement = pgbench.measure(contender, workload);
            measurements.add(measurement);
            say(String.format(
                    "round %d %-9s %-9s %.1f tps", round + 1, workload.option(), contender.name(), measurement.tps()));
        } catch (FixtureException e) {
            measurements.addFailure(contender, workload, String.valueOf(e.getMessage()));
            say("round " + (round + 1) + " " + workload.option() + " " + contender.name() + ": " + e.getMessage());
        }
    }

    /**
     * A JVM that has just started interprets; what it does then says nothing about the days that follow. Each workload is done twice, since the
     * first time of another one makes the compiler give up what it had assumed.
     */
    private void warmUp(Set<Workload> workloads) {
        if (options.warmupSeconds() == 0) {
            return;
        }
        say("warming up");
        PgbenchRun warming = pgbench.lasting((options.warmupSeconds() + WARMUP_PASSES - 1) / WARMUP_PASSES);
        for (int pass = 0; pass < WARMUP_PASSES; pass++) {
            for (Workload workload : workloads) {
                for (Contender contender : contenders) {
                    if (workload.warmsUp() && contender.proxy() != null) {
                        measureQuietly(warming, contender, workload);
                    }
                }
            }
        }
    }

    private static void measureQuietly(PgbenchRun warming, Contender contender, Workload workload) {
        try {
            warming.measure(contender, workload);
        } catch (FixtureException e) {
            say("warming up " + contender.name() + ": " + e.getMessage());
        }
    }

    /** Tells who waits what is being done. */
    static void say(String text) {
        System.err.println("trunkline bench: " + text);
    }
}
