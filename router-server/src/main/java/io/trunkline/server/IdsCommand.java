// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.ids.IdInstaller;
import io.trunkline.server.ids.IdScript;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ids}: ids that are unique over all shards, by the functions {@code trunkline.next_id()} and {@code trunkline.next_value(sequence)}. */
@Command(
        name = "ids",
        description =
                "Puts trunkline.next_id() and trunkline.next_value(), which give numbers that are unique over all shards, on the shards.",
        mixinStandardHelpOptions = true,
        subcommands = {IdsCommand.Sql.class, IdsCommand.Install.class})
final class IdsCommand implements Runnable {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

    @Spec
    @Nullable
    CommandSpec command;

    @Override
    public void run() {
        CommandSpec spec = java.util.Objects.requireNonNull(command);
        throw new ParameterException(spec.commandLine(), "Missing required subcommand (expected: sql or install)");
    }

    /** {@code ids sql}: prints it. */
    @Command(
            name = "sql",
            description = "Prints the SQL for one shard. Connects to nothing.",
            mixinStandardHelpOptions = true,
            exitCodeListHeading = "%nExit codes:%n",
            exitCodeList = {"0:printed", "2:the number or a name is wrong"})
    static final class Sql implements Callable<Integer> {
        @Spec
        @Nullable
        CommandSpec command;

        @Option(
                names = "--number",
                paramLabel = "N",
                required = true,
                description = "The shard's number, 0 to 1023; another one on each shard, and the same for ever.")
        int number;

        @Option(
                names = "--sequence",
                paramLabel = "NAME",
                description = "A sequence over shards, as the topology names it; once for each.")
        List<String> sequences = List.of();

        @Override
        public Integer call() {
            if (number < 0 || number > IdScript.NUMBER_MAX) {
                throw new ParameterException(
                        java.util.Objects.requireNonNull(command).commandLine(),
                        "--number: " + number + " (expected: 0 to " + IdScript.NUMBER_MAX + ")");
            }
            for (String sequence : sequences) {
                if (!IdScript.isName(sequence)) {
                    throw new ParameterException(
                            java.util.Objects.requireNonNull(command).commandLine(),
                            "--sequence: " + sequence + " (expected: " + IdScript.NAMES + ")");
                }
            }
            Commands.out(command).println(IdScript.of(number, sequences));
            return ExitCodes.DONE;
        }
    }

    /** {@code ids install}: runs it. */
    @Command(
            name = "install",
            description =
                    "Installs the functions and the counters of the topology's sequences on the primary of every shard, in "
                            + "every database of the topology, as the role of the probes. A shard that has a number keeps it.",
            mixinStandardHelpOptions = true,
            exitCodeListHeading = "%nExit codes:%n",
            exitCodeList = {"0:installed everywhere", "1:a node refused, two shards have one number, or a file is wrong"
            })
    static final class Install implements Callable<Integer> {
        @Spec
        @Nullable
        CommandSpec command;

        @Option(
                names = {"-c", "--config"},
                paramLabel = "FILE",
                required = true,
                description = "The configuration.")
        Path config = Path.of("trunkline.yaml");

        @Override
        public Integer call() throws StartupException, InterruptedException {
            StartupParts parts = StartupParts.read(config, new ConfigLoader());
            try (CommandNodes nodes = new CommandNodes(parts, ANSWER_MAX)) {
                new IdInstaller(nodes, parts.config().probes().user())
                        .install(CommandNodes.topology(parts.config()))
                        .forEach(Commands.out(command)::println);
                return ExitCodes.DONE;
            } catch (IdInstaller.RefusedException e) {
                throw new StartupException(String.valueOf(e.getMessage()), e);
            }
        }
    }
}
