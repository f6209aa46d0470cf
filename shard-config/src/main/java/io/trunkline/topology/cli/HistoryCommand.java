// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code topology history}: what was published, and when. */
@Command(
        name = "history",
        description = "Lists the documents that were published, oldest first.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class HistoryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ZooKeeperOptions zooKeeper;

    @Override
    public Integer call() {
        return Outcome.of(
                command,
                out -> zooKeeper.connected(publisher -> {
                    publisher
                            .history()
                            .forEach(entry -> out.println("revision " + entry.revision() + "  " + entry.publishedAt()
                                    + "  " + entry.documentBytes() + " bytes"));
                    return Outcome.DONE;
                }));
    }
}
