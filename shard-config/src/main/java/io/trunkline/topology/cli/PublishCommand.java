// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.Topology;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code topology publish}: brings a document into force. */
@Command(
        name = "publish",
        description = "Publishes a document. Its revision must be greater than the published one.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PublishCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ZooKeeperOptions zooKeeper;

    @Option(names = "--file", paramLabel = "FILE", required = true, description = "The document.")
    private Path file;

    @Option(
            names = "--expected-revision",
            paramLabel = "REVISION",
            description = "Only replace this revision; 0 for the first publication (default: whichever is published).")
    private @Nullable Long expectedRevision;

    @Override
    public Integer call() {
        return Outcome.of(command, out -> {
            Topology topology = DocumentFile.read(file);
            return zooKeeper.connected(publisher -> {
                publisher.publish(topology, expected(expectedRevision));
                out.println("revision " + topology.revision() + " is published at " + zooKeeper.path());
                return Outcome.DONE;
            });
        });
    }

    /** Returns what an option of this kind asks for. */
    static OptionalLong expected(@Nullable Long option) {
        return option == null ? OptionalLong.empty() : OptionalLong.of(option);
    }
}
