// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.Workspace;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A router that is measured, in a process of its own, with its topology in a file. */
final class BenchRouter implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final RouterProcess process;
    private final Contender contender;

    private BenchRouter(RouterProcess process, Contender contender) {
        this.process = process;
        this.contender = contender;
    }

    /**
     * Returns a router that accepts clients.
     *
     * @param name of the contender
     */
    static BenchRouter start(Workspace workspace, String name, Topology topology, BenchOptions options) {
        int port = FreePort.next();
        String fileName = name.replace(' ', '-');
        Path file = workspace.resolve(fileName + "-topology.json");
        try {
            Files.write(file, TopologyJson.write(topology));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RouterProcess process = RouterProcess.start(
                workspace, fileName, configuration(port, file, options), RouterProcess.jvmOptionsFromEnvironment());
        process.awaitAccepting(port, START_LIMIT);
        return new BenchRouter(
                process, new Contender(name, port, PgbenchRun.DATABASE, new ProxyProcess(process.pid())));
    }

    private static String configuration(int port, Path topology, BenchOptions options) {
        return """
                listen:
                  port: %d
                  backlog: 4096
                admin:
                  port: 0
                event_loops: %d
                topology:
                  source: file
                  file: %s
                users:
                  inline:
                    %s:
                      password: %s
                defaults:
                  pool_size: %d
                probes:
                  user: %s
                  password: %s
                timeouts:
                  drain: 0s
                """.formatted(
                        port,
                        options.eventLoops(),
                        topology,
                        PgbenchRun.USER,
                        PgbenchRun.PASSWORD,
                        options.poolSize(),
                        PostgresServer.SUPERUSER,
                        PostgresServer.PASSWORD);
    }

    Contender contender() {
        return contender;
    }

    @Override
    public void close() {
        process.close();
    }
}
