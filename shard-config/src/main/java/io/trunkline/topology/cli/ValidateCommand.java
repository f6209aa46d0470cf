// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.Topology;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code topology validate}: says everything that is wrong with a document. */
@Command(
        name = "validate",
        description = "Checks a document and reports everything that is wrong with it.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ValidateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Option(names = "--file", paramLabel = "FILE", required = true, description = "The document.")
    private Path file;

    @Override
    public Integer call() {
        return Outcome.of(command, out -> {
            Topology topology = DocumentFile.read(file);
            out.println(file + " is valid: revision " + topology.revision() + ", "
                    + topology.clusters().size() + " clusters, "
                    + topology.databases().size() + " databases");
            return Outcome.DONE;
        });
    }
}
