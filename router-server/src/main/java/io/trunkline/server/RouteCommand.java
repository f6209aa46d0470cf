// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.routing.OfflineExplainer;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.routing.RouteExplanation;
import io.trunkline.server.config.ConfigException;
import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.TopologyConfig;
import io.trunkline.topology.Database;
import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import io.trunkline.topology.TopologyJson.UnknownFields;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code route}: says where a statement would run, from a topology alone. Connects to nothing. */
@Command(
        name = "route",
        description = "Says where a statement would run and why, or why it is refused. Connects to nothing: "
                + "functions and views of the database's own are not known.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:the statement runs", "1:the statement is refused, or a file is wrong"})
final class RouteCommand implements Callable<Integer> {
    @Spec
    @Nullable
    CommandSpec command;

    @ArgGroup(exclusive = true, multiplicity = "1")
    Origin origin = new Origin();

    /** Where the topology is. */
    static final class Origin {
        @Option(names = "--topology", paramLabel = "FILE", description = "The topology document.")
        @Nullable
        Path topology;

        @Option(
                names = {"-c", "--config"},
                paramLabel = "FILE",
                description = "The configuration that names the topology document.")
        @Nullable
        Path config;
    }

    @Option(names = "--sql", paramLabel = "TEXT", required = true, description = "The statement, or several.")
    String sql = "";

    @Option(
            names = "--param",
            paramLabel = "VALUE[::TYPE]",
            description = "The values of $$1 and so on, in order; such as 42 or 42::int8.")
    List<String> parameters = new ArrayList<>();

    @Option(
            names = "--database",
            paramLabel = "NAME",
            description = "The database as clients call it; not needed when there is only one.")
    @Nullable
    String database;

    @Option(
            names = "--read-policy",
            paramLabel = "POLICY",
            description = "primary, prefer_replica (default) or replica.")
    ReadPolicy readPolicy = ReadPolicy.PREFER_REPLICA;

    @Option(names = "--search-path", paramLabel = "SCHEMA", split = ",", description = "Schemas; default: public.")
    List<String> searchPath = List.of("public");

    @Override
    public Integer call() throws StartupException {
        Topology topology = topology();
        RouteExplanation explanation = OfflineExplainer.explain(
                topology,
                database(topology),
                sql,
                parameters.stream().map(OfflineExplainer.Parameter::parse).toList(),
                new OfflineExplainer.Circumstances(readPolicy, searchPath));
        PrintWriter out = Commands.out(command);
        explanation.fields().forEach((name, value) -> out.println(name + ": " + value));
        return explanation.isRefused() ? ExitCodes.INVALID : ExitCodes.DONE;
    }

    private Topology topology() throws StartupException {
        Path file = origin.topology == null ? configured(Objects.requireNonNull(origin.config)) : origin.topology;
        try {
            return TopologyJson.read(Files.readAllBytes(file), UnknownFields.IGNORE);
        } catch (IOException e) {
            throw new StartupException(file + ": cannot be read", e);
        } catch (InvalidTopologyException e) {
            throw new StartupException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Path configured(Path config) throws StartupException {
        try {
            TopologyConfig topology = new ConfigLoader().load(config).topology();
            if (topology.source() != TopologyConfig.Source.FILE) {
                throw new StartupException(
                        "topology.source: zookeeper (expected: file, or the option --topology with the "
                                + "output of trunkline topology show)");
            }
            return topology.file();
        } catch (ConfigException e) {
            throw new StartupException(String.valueOf(e.getMessage()), e);
        }
    }

    private String database(Topology topology) throws StartupException {
        if (database != null) {
            return database;
        }
        if (topology.databases().size() == 1) {
            return topology.databases().get(0).name();
        }
        throw new StartupException("--database: missing (expected: one of "
                + topology.databases().stream().map(Database::name).collect(Collectors.joining(", ")) + ")");
    }
}
