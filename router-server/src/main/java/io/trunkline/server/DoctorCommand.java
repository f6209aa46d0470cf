// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.doctor.Doctor;
import io.trunkline.topology.Topology;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code doctor}: asks every node of the topology, as the router would, and says what is wrong or will be. Changes nothing. */
@Command(
        name = "doctor",
        description =
                "Logs in to every node of the topology as the router's probes do and reports what is wrong: nodes that cannot "
                        + "be reached, shards that differ in version, settings, encoding, extensions or schema, constraints that hold on "
                        + "one shard only, forgotten prepared transactions, clocks. Changes nothing.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:no error was found, warnings aside", "1:an error was found, or a file is wrong"})
final class DoctorCommand implements Callable<Integer> {
    @Spec
    @Nullable
    CommandSpec command;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The configuration.")
    Path config = Path.of("trunkline.yaml");

    @Option(
            names = "--answer-limit",
            paramLabel = "SECONDS",
            description = "How long a node may take to answer each question (default: $${DEFAULT-VALUE}).")
    int answerSeconds = 10;

    @Override
    public Integer call() throws StartupException, InterruptedException {
        StartupParts parts = StartupParts.read(config, new ConfigLoader());
        Topology topology = CommandNodes.topology(parts.config());
        Doctor.Report report = examine(parts, topology);
        PrintWriter out = Commands.out(command);
        report.findings().forEach(out::println);
        out.println(report.summary());
        return report.hasErrors() ? ExitCodes.INVALID : ExitCodes.DONE;
    }

    private Doctor.Report examine(StartupParts parts, Topology topology) throws InterruptedException {
        try (CommandNodes nodes = new CommandNodes(parts, Duration.ofSeconds(answerSeconds))) {
            return new Doctor(
                            nodes.connector(),
                            nodes.loop(),
                            parts.config().probes().user(),
                            Duration.ofSeconds(answerSeconds))
                    .examine(topology);
        }
    }
}
