// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * {@code topology}: the group of commands that deal with topology documents.
 *
 * <p>Run by itself through {@link #main}, or hung as a subcommand into a larger tool.
 */
@Command(
        name = "topology",
        description = "Checks, compares, publishes and shows topology documents.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {
            ValidateCommand.class,
            DiffCommand.class,
            PublishCommand.class,
            HistoryCommand.class,
            RollbackCommand.class,
            ShowCommand.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            " 0:done",
            " 1:diff: the documents differ",
            " 2:the command was not understood",
            " 3:a document is broken",
            " 4:another revision is published than expected",
            " 5:there is no such document or revision",
            " 6:ZooKeeper does not answer or refuses",
        })
public final class TopologyCommand {
    /** Runs one command and exits with its code. */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** Returns the commands, ready to be executed. */
    public static CommandLine commandLine() {
        return new CommandLine(new TopologyCommand());
    }
}
