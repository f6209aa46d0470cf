// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trunkline.fixture.PostgresServer;
import io.trunkline.server.RouterServer;
import io.trunkline.server.StartupParts;
import io.trunkline.server.config.ConfigLoader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

/** The router under attack, in this JVM: a true server and a lying one behind it, a database for each kind of client. */
final class HostileRouter implements AutoCloseable {
    /** The user of hostile clients, trusted by the router and the servers. */
    static final String USER = "hostile";

    static final String PROBE_USER = "prober";
    static final String REAL = "real";
    static final String GOOD = "good";
    static final String LYING = "lying";
    /** Its node lies to probes too, so that it is without a primary now and then. */
    static final String FICKLE = "fickle";

    private final RouterServer server;
    private final HttpClient http = HttpClient.newHttpClient();

    private HostileRouter(RouterServer server) {
        this.server = server;
    }

    static HostileRouter start(Path folder, int truePort, int lyingPort, int ficklePort) throws Exception {
        Files.writeString(folder.resolve("topology.json"), """
                {"revision": 1,
                 "clusters": [
                   {"name": "true", "shards": [{"name": "s", "nodes": [
                     {"name": "true", "host": "127.0.0.1", "port": %d, "role": "primary"}]}]},
                   {"name": "lying", "shards": [{"name": "s", "nodes": [
                     {"name": "lying", "host": "127.0.0.1", "port": %d, "role": "primary"}]}]},
                   {"name": "fickle", "shards": [{"name": "s", "nodes": [
                     {"name": "fickle", "host": "127.0.0.1", "port": %d, "role": "primary"}]}]}],
                 "databases": [
                   {"name": "real", "cluster": "true", "backendName": "app"},
                   {"name": "good", "cluster": "true", "backendName": "app"},
                   {"name": "lying", "cluster": "lying", "backendName": "app"},
                   {"name": "fickle", "cluster": "fickle", "backendName": "app"}]}
                """.formatted(truePort, lyingPort, ficklePort));
        Path file = Files.writeString(folder.resolve("trunkline.yaml"), """
                listen: {port: 0}
                admin: {port: 0}
                event_loops: 2
                topology: {file_interval: 100ms}
                defaults: {pool_size: 8}
                # Full after the first tenth of a long run, so that what grows after it is a leak.
                limits: {idle_statements: 1MiB}
                backend: {tls: {mode: disable}}
                timeouts: {drain: 0s}
                probes: {user: %s, password: x, interval: 50ms, urgent_interval: 20ms, catalog_interval: 1s}
                users:
                  inline:
                    %s: {trust: true}
                    %s: {password: %s}
                """.formatted(
                        PROBE_USER, USER, PostgresServer.SUPERUSER, PostgresServer.PASSWORD));
        return new HostileRouter(RouterServer.start(StartupParts.read(file, new ConfigLoader())));
    }

    int port() {
        return server.address().getPort();
    }

    boolean isReady() throws IOException, InterruptedException {
        return page("/ready").statusCode() == 200;
    }

    /** Returns the sum of a gauge over all its labels. */
    double sum(String metric) throws IOException, InterruptedException {
        return page("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(metric + "{") || line.startsWith(metric + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    HttpResponse<String> page(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.adminAddress().getPort() + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    @Override
    public void close() {
        server.close();
    }
}
