// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.PostgresOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of the benchmark of COPY FROM. */
@Command(
        name = "copy",
        mixinStandardHelpOptions = true,
        description = "Measures COPY FROM through the router into several shards beside COPY FROM into one server.")
final class CopyBenchCommand implements Callable<Integer> {
    @Option(names = "--rounds", defaultValue = "5", description = "whose median counts (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--warmup", defaultValue = "1", description = "rounds before them (default: ${DEFAULT-VALUE})")
    private int warmup;

    @Option(names = "--rows", defaultValue = "1000000", description = "of about 100 bytes (default: ${DEFAULT-VALUE})")
    private long rows;

    @Option(names = "--shards", defaultValue = "4", description = "they go to (default: ${DEFAULT-VALUE})")
    private int shards;

    @Option(names = "--event-loops", defaultValue = "1", description = "of the router (default: ${DEFAULT-VALUE})")
    private int eventLoops;

    @Option(names = "--postgres", description = "major version, 14 to 18 (default: the newest at hand)")
    private int postgres;

    @Override
    public Integer call() {
        CopyBenchOptions options = new CopyBenchOptions(rounds, warmup, rows, shards, eventLoops);
        PostgresOptions servers = postgres == 0 ? PostgresOptions.newest() : PostgresOptions.major(postgres);
        try (CopyBench bench = new CopyBench(options, servers)) {
            System.out.println(bench.run().text());
            return 0;
        }
    }
}
