// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.netty.util.ResourceLeakDetector;
import io.trunkline.server.config.ConfigLoader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code serve}: runs a router until SIGTERM or SIGINT, then drains and ends. */
@Command(
        name = "serve",
        description =
                "Runs a router. SIGTERM and SIGINT stop it: open transactions may end first, within timeouts.drain.",
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "The configuration.")
    Path config = Path.of("trunkline.yaml");

    @Override
    public Integer call() throws StartupException, InterruptedException {
        sampleNoLeaks();
        StartupParts parts = StartupParts.read(config, new ConfigLoader());
        RouterServer server;
        try {
            server = RouterServer.start(parts);
        } catch (StartupException e) {
            System.err.println(e.getMessage());
            return ExitCodes.NOT_STARTED;
        }
        // The hook ends logging, so it must be the only thing that logs when the JVM goes down.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            server.close();
                            TrunklineCommand.stopLogging();
                        },
                        "stop"));
        server.awaitStopped();
        return ExitCodes.DONE;
    }

    /**
     * Turns off Netty's sampling of buffers, which takes a stack trace of every 128th: the tests look at all of them. Who asks for it by the
     * system property gets it.
     */
    private static void sampleNoLeaks() {
        if (System.getProperty("io.netty.leakDetection.level") == null) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        }
    }
}
