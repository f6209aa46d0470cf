// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyChange;
import io.trunkline.topology.TopologyDiff;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code topology diff}: what a document would change. */
@Command(
        name = "diff",
        description = "Shows what a document changes, against another document or the published one.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DiffCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Option(names = "--file", paramLabel = "FILE", required = true, description = "The new document.")
    private Path file;

    @ArgGroup(multiplicity = "1")
    private Base base;

    /** What to compare with. */
    static final class Base {
        @Option(names = "--against", paramLabel = "FILE", required = true, description = "The old document.")
        private @Nullable Path against;

        @ArgGroup(exclusive = false, multiplicity = "1")
        private @Nullable ZooKeeperOptions zooKeeper;
    }

    @Override
    public Integer call() {
        return Outcome.of(command, out -> {
            Topology after = DocumentFile.read(file);
            if (base.against != null) {
                return print(out, DocumentFile.read(base.against), after);
            }
            return againstPublished(out, after);
        });
    }

    private Outcome againstPublished(PrintWriter out, Topology after) throws IOException {
        ZooKeeperOptions options = Objects.requireNonNull(base.zooKeeper);
        return options.connected(publisher ->
                print(out, publisher.published().orElseThrow(() -> ShowCommand.nothingPublished(options)), after));
    }

    private static Outcome print(PrintWriter out, Topology before, Topology after) {
        List<TopologyChange> changes = TopologyDiff.between(before, after);
        out.println("revision " + before.revision() + " -> " + after.revision() + ", "
                + (changes.isEmpty() ? "no changes" : changes.size() + " changes"));
        changes.forEach(out::println);
        return changes.isEmpty() ? Outcome.DONE : Outcome.DIFFERENT;
    }
}
