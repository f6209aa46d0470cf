// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.config.TopologyConfig;
import io.trunkline.topology.Database;
import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code check}: reads a configuration and every file it names, and reports everything that is wrong. Connects to nothing. */
@Command(
        name = "check",
        description =
                "Reads a configuration with its users, topology and TLS files and reports everything that is wrong.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
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
    public Integer call() throws StartupException {
        StartupParts parts = StartupParts.read(config, new ConfigLoader());
        PrintWriter out = Commands.out(command);
        List<String> problems = new ArrayList<>();
        TopologyConfig source = parts.config().topology();
        if (source.source() == TopologyConfig.Source.FILE) {
            Topology topology = topology(source.file(), problems);
            if (topology != null) {
                compare(parts, topology, problems);
                out.println("topology: " + source.file() + ", revision " + topology.revision());
            }
        } else {
            out.println("topology: in ZooKeeper, not looked at; see trunkline topology show");
        }
        if (!problems.isEmpty()) {
            throw new StartupException(String.join("\n", problems));
        }
        out.println("users: " + parts.accounts().configs().size());
        out.println(config + " is valid");
        return ExitCodes.DONE;
    }

    private static @Nullable Topology topology(Path file, List<String> problems) {
        try {
            return TopologyJson.read(Files.readAllBytes(file), UnknownFields.REJECT);
        } catch (NoSuchFileException e) {
            problems.add("topology.file: " + file + ": no such file");
        } catch (IOException e) {
            problems.add("topology.file: " + file + ": cannot be read: " + e.getMessage());
        } catch (InvalidTopologyException e) {
            e.problems().forEach(problem -> problems.add(file + ": " + problem));
        }
        return null;
    }

    private static void compare(StartupParts parts, Topology topology, List<String> problems) {
        Set<String> known = topology.databases().stream().map(Database::name).collect(Collectors.toSet());
        RouterConfig config = parts.config();
        config.databases().keySet().stream()
                .filter(name -> !known.contains(name))
                .forEach(name -> problems.add(
                        "databases." + name + ": not in the topology (expected: " + String.join(", ", known) + ")"));
        parts.accounts()
                .configs()
                .forEach((user, ofUser) -> ofUser.databases().stream()
                        .filter(name -> !known.contains(name))
                        .forEach(name -> problems.add("user " + user + ": database " + name
                                + " is not in the topology (expected: " + String.join(", ", known) + ")")));
    }
}
