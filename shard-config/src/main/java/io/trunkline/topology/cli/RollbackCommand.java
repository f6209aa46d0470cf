// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code topology rollback}: publishes an old document again. */
@Command(
        name = "rollback",
        description = "Publishes an old document again, under the next revision: revisions never go backwards.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RollbackCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ZooKeeperOptions zooKeeper;

    @Option(
            names = "--to",
            paramLabel = "REVISION",
            required = true,
            description = "The revision whose content to bring back, see history.")
    private long revision;

    @Option(
            names = "--expected-revision",
            paramLabel = "REVISION",
            description = "Only replace this revision (default: whichever is published).")
    private @Nullable Long expectedRevision;

    @Override
    public Integer call() {
        return Outcome.of(
                command,
                out -> zooKeeper.connected(publisher -> {
                    long published = publisher.rollback(revision, PublishCommand.expected(expectedRevision));
                    out.println("revision " + revision + " is published again as revision " + published + " at "
                            + zooKeeper.path());
                    return Outcome.DONE;
                }));
    }
}
