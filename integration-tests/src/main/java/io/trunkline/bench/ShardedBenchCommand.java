// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.PostgresOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the benchmark of statements with a key. */
@Command(
        name = "sharded",
        mixinStandardHelpOptions = true,
        description =
                "Measures reads by key through a router with shards beside one with a single server, in turns, with pgbench.")
final class ShardedBenchCommand implements Callable<Integer> {
    @Option(names = "--rounds", defaultValue = "7", description = "whose median counts (default: ${DEFAULT-VALUE})")
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

    @Option(
            names = "--pool",
            defaultValue = "16",
            description = "backends of each router for each shard (default: ${DEFAULT-VALUE})")
    private int pool;

    @Option(names = "--event-loops", defaultValue = "1", description = "of each router (default: ${DEFAULT-VALUE})")
    private int eventLoops;

    @Option(names = "--scale", defaultValue = "10", description = "of pgbench's tables (default: ${DEFAULT-VALUE})")
    private int scale;

    @Option(names = "--postgres", description = "major version, 14 to 18 (default: the newest at hand)")
    private int postgres;

    @Option(names = "--pgbench", description = "the program (default: from PATH)")
    private @Nullable Path pgbench;

    @Override
    public Integer call() {
        BenchOptions options = new BenchOptions(rounds, seconds, warmup, clients, pool, eventLoops, 0, 0, scale);
        PostgresOptions servers = postgres == 0 ? PostgresOptions.newest() : PostgresOptions.major(postgres);
        Path program = pgbench != null ? pgbench : PgbenchRun.programOnPath();
        try (ShardedBench bench = new ShardedBench(options, servers, program)) {
            ShardedReport report = bench.run();
            System.out.println(report.text());
            return report.hasFailures() ? 1 : 0;
        }
    }
}
