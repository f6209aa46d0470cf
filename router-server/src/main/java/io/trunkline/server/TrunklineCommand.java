// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import ch.qos.logback.classic.LoggerContext;
import io.trunkline.topology.cli.TopologyCommand;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** The command {@code trunkline}: everything the router's distribution can do. */
@Command(
        name = "trunkline",
        description = "A PostgreSQL router: transaction pooling, read/write splitting, sharding, failover.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = TrunklineCommand.Version.class,
        subcommands = {
            ServeCommand.class,
            CheckCommand.class,
            DoctorCommand.class,
            IdsCommand.class,
            RouteCommand.class,
            TopologyCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:the configuration or a file it names is wrong; route: the statement is refused; doctor: something is wrong",
            "2:the command was not understood",
            "3:the router could not start",
        })
public final class TrunklineCommand {

    /** Runs one command and exits with its code. */
    public static void main(String[] arguments) {
        int code = commandLine().execute(arguments);
        stopLogging();
        System.exit(code);
    }

    /** Returns the commands, ready to be executed. */
    static CommandLine commandLine() {
        return new CommandLine(new TrunklineCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(TrunklineCommand::onException);
    }

    /** Writes out what is still queued for stderr. */
    static void stopLogging() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext loggers) {
            loggers.stop();
        }
    }

    private static int onException(Exception e, CommandLine command, CommandLine.ParseResult parsed) throws Exception {
        if (!(e instanceof StartupException)) {
            throw e;
        }
        PrintWriter err = command.getErr();
        err.println(e.getMessage());
        err.flush();
        return ExitCodes.INVALID;
    }

    /** The version in the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"trunkline " + text()};
        }

        static String text() {
            String version = TrunklineCommand.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }
}
