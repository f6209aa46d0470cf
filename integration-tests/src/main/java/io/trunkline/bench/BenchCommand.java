// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PgBouncer;
import io.trunkline.fixture.PostgresOptions;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the benchmark. */
@Command(
        name = "trunkline bench",
        mixinStandardHelpOptions = true,
        subcommands = {MergeBenchCommand.class, ShardedBenchCommand.class},
        description = "Measures the router beside a direct connection and PgBouncer, in turns, with pgbench.")
public final class BenchCommand implements Callable<Integer> {
    @Option(names = "--rounds", defaultValue = "3", description = "whose median counts (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "5", description = "of one run (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Option(
            names = "--warmup",
            defaultValue = "20",
            description = "seconds of each workload before the first round (default: ${DEFAULT-VALUE})")
    private int warmup;

    @Option(names = "--clients", defaultValue = "16", description = "at a time (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(names = "--pool", defaultValue = "16", description = "backends of each proxy (default: ${DEFAULT-VALUE})")
    private int pool;

    @Option(
            names = "--event-loops",
            defaultValue = "1",
            description = "of the router; PgBouncer has one (default: ${DEFAULT-VALUE})")
    private int eventLoops;

    @Option(names = "--idle", defaultValue = "2000", description = "idle clients (default: ${DEFAULT-VALUE})")
    private int idle;

    @Option(
            names = "--large",
            defaultValue = "200",
            description = "megabytes of a large result (default: ${DEFAULT-VALUE})")
    private int large;

    @Option(names = "--scale", defaultValue = "10", description = "of pgbench's tables (default: ${DEFAULT-VALUE})")
    private int scale;

    @Option(
            names = "--only",
            split = ",",
            description = "workloads: simple, extended, prepared, tpcb, reconnect, large, idle (default: all)")
    private List<String> only = List.of();

    @Option(names = "--postgres", description = "major version, 14 to 18 (default: the newest at hand)")
    private int postgres;

    @Option(names = "--pgbench", description = "the program (default: from PATH)")
    private @Nullable Path pgbench;

    @Option(names = "--pgbouncer", description = "the program (default: from PATH; without one it is left out)")
    private @Nullable Path pgBouncer;

    /** Runs the command line and exits. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new BenchCommand())
                .setExecutionExceptionHandler((failure, commandLine, parsed) -> {
                    if (failure instanceof FixtureException) {
                        commandLine.getErr().println("trunkline: " + failure.getMessage());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    throw failure;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() {
        BenchOptions options = new BenchOptions(rounds, seconds, warmup, clients, pool, eventLoops, idle, large, scale);
        PostgresOptions servers = postgres == 0 ? PostgresOptions.newest() : PostgresOptions.major(postgres);
        @Nullable
        Path bouncer = pgBouncer != null ? pgBouncer : PgBouncer.installed().orElse(null);
        if (bouncer == null) {
            System.err.println("trunkline bench: PgBouncer is not installed and is left out");
        }
        Set<Workload> workloads = workloads();
        try (Bench bench =
                new Bench(options, servers, pgbench != null ? pgbench : PgbenchRun.programOnPath(), bouncer)) {
            BenchReport report = bench.run(workloads);
            System.out.println(report.text());
            return report.hasFailures() ? 1 : 0;
        }
    }

    private Set<Workload> workloads() {
        Set<Workload> chosen = EnumSet.noneOf(Workload.class);
        for (String word : only) {
            chosen.add(Stream.of(Workload.values())
                    .filter(each -> each.option().equals(word.toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new FixtureException("--only " + word + ": there is no such workload")));
        }
        return chosen.isEmpty() ? EnumSet.allOf(Workload.class) : chosen;
    }
}
