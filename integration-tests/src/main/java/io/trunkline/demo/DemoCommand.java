// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresBinaries;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of the demo. */
@Command(
        name = "trunkline demo",
        mixinStandardHelpOptions = true,
        subcommands = FailoverCommand.class,
        description =
                "Starts ZooKeeper, sharded PostgreSQL with replicas and the router on this machine, until Ctrl-C.")
public final class DemoCommand implements Callable<Integer> {
    static final int DEFAULT_PORT = 6432;

    private static final int SHARDS_MAX = 16;
    private static final int REPLICAS_MAX = 4;
    private static final int EVENT_LOOPS_MAX = 256;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--port", defaultValue = "6432", description = "the router's port (default: ${DEFAULT-VALUE})")
    private int port;

    @Option(names = "--shards", defaultValue = "2", description = "1 to 16 (default: ${DEFAULT-VALUE})")
    private int shards;

    @Option(names = "--replicas", defaultValue = "1", description = "of each shard, 0 to 4 (default: ${DEFAULT-VALUE})")
    private int replicas;

    @Option(names = "--event-loops", description = "the router's threads, 1 to 256 (default: one per processor)")
    private int eventLoops;

    @Option(names = "--postgres", description = "major version, 14 to 18 (default: the newest at hand)")
    private int postgres;

    /** Runs the command line and exits. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DemoCommand())
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
    public Integer call() throws InterruptedException {
        between("--shards", shards, 1, SHARDS_MAX);
        between("--replicas", replicas, 0, REPLICAS_MAX);
        between("--port", port, 1, 65_535);
        between("--event-loops", eventLoops, 0, EVENT_LOOPS_MAX);
        if (!FreePort.isFree(port)) {
            throw new FixtureException("port " + port + " is taken: end what uses it, or choose another with --port");
        }
        int major = postgres == 0 ? PostgresBinaries.newest().major() : postgres;
        Demo demo = new Demo(new DemoOptions(port, shards, replicas, major, eventLoops));
        // On Ctrl-C this JVM begins to shut down wherever the main thread is, also half way through the start.
        Runtime.getRuntime().addShutdownHook(new Thread(demo::close, "demo-stop"));
        demo.start();
        System.out.println(new ReadyText(demo).text());
        new CountDownLatch(1).await();
        return CommandLine.ExitCode.OK;
    }

    private void between(String option, int value, int smallest, int largest) {
        if (value < smallest || value > largest) {
            throw new ParameterException(
                    spec.commandLine(), option + " " + value + ": " + smallest + " to " + largest + " is wanted");
        }
    }
}
