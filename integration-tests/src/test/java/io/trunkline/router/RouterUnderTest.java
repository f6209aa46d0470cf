// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http.HttpServerCodec;
import io.trunkline.fixture.Deadline;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.Workspace;
import io.trunkline.server.RouterServer;
import io.trunkline.server.StartupException;
import io.trunkline.server.StartupParts;
import io.trunkline.server.config.ConfigLoader;
import io.trunkline.testing.OpenBuffers;
import io.trunkline.topology.Topology;
import io.trunkline.topology.TopologyJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A router in this JVM, in front of servers of the fixture.
 *
 * <p>Its configuration and, unless a test names another source, its topology are files in the servers' workspace. Closing it fails when it
 * leaves a buffer unreleased.
 */
public final class RouterUnderTest implements AutoCloseable {
    /** Proves itself by password, to the router and to the servers. */
    public static final String USER = "app";

    static final String PASSWORD = "app-secret";

    /** Is let in by the router and by the servers without any proof: the user of {@link WireClient}. */
    public static final String TRUSTED_USER = "wire";

    /** One for all: a client a call leaves its connection open, and a router takes only 64 on this port. */
    private static final HttpClient PAGES = HttpClient.newHttpClient();

    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final Duration READY_LIMIT = Duration.ofSeconds(30);
    private static final Duration RELEASE_LIMIT = Duration.ofSeconds(10);

    static {
        // Keeps two buffers for ever from when it is first used.
        new HttpServerCodec();
    }

    private final RouterServer server;
    private final Path topologyFile;
    private final long buffersMark;

    private RouterUnderTest(RouterServer server, Path topologyFile, long buffersMark) {
        this.server = server;
        this.topologyFile = topologyFile;
        this.buffersMark = buffersMark;
    }

    /** What a router is started with. */
    public static final class Builder {
        private final Path folder;
        private final RouterConfiguration configuration;

        private Builder(Path folder, RouterConfiguration configuration) {
            this.folder = folder;
            this.configuration = configuration;
        }

        /** A value of the configuration by its full name, as in {@code defaults.pool_size}. */
        public Builder set(String key, String value) {
            configuration.set(key, value);
            return this;
        }

        /** Starts the router and returns when it says that it is ready. */
        public RouterUnderTest start() {
            RouterUnderTest router = startUnready();
            router.awaitReady();
            return router;
        }

        /** Starts the router and returns when it listens. */
        RouterUnderTest startUnready() {
            long mark = OpenBuffers.mark();
            try {
                Path file = folder.resolve("trunkline.yaml");
                Files.writeString(file, configuration.text());
                return new RouterUnderTest(
                        RouterServer.start(StartupParts.read(file, new ConfigLoader())),
                        folder.resolve("topology.json"),
                        mark);
            } catch (StartupException | IOException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        }
    }

    /** Returns what starts a router with the given topology. */
    public static Builder with(Workspace workspace, Topology topology) {
        Builder builder = with(workspace);
        write(builder.folder.resolve("topology.json"), topology);
        return builder;
    }

    /** Returns what starts a router that has no topology yet. */
    public static Builder with(Workspace workspace) {
        try {
            Path folder = Files.createDirectories(workspace.resolve("router-" + NUMBER.incrementAndGet()));
            return new Builder(folder, RouterConfiguration.forTests());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts another topology in force; the router is told of it by the time this returns. */
    void publish(Topology topology) {
        write(topologyFile, topology);
        await().atMost(READY_LIMIT)
                .until(() -> get("/topology").body().contains("\"revision\":" + topology.revision())
                        || get("/topology").body().contains("\"revision\" : " + topology.revision()));
    }

    private static void write(Path file, Topology topology) {
        try {
            Path written = Files.write(file.resolveSibling("topology.new"), TopologyJson.write(topology));
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void awaitReady() {
        await().atMost(READY_LIMIT)
                .untilAsserted(() -> assertThat(get("/ready"))
                        .as("/ready")
                        .satisfies(page -> assertThat(page.statusCode()).isEqualTo(200)));
    }

    public int port() {
        return server.address().getPort();
    }

    /** Returns one of the operators' pages. */
    public HttpResponse<String> get(String path) {
        return ask(page(path).GET());
    }

    /** Does what one of the operators' pages can do. */
    HttpResponse<String> post(String path) {
        return ask(page(path).POST(HttpRequest.BodyPublishers.noBody()));
    }

    private HttpRequest.Builder page(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.adminAddress().getPort() + path));
    }

    private static HttpResponse<String> ask(HttpRequest.Builder request) {
        try {
            return PAGES.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Returns a metric's value, by the name and labels of its line in /metrics; 0 when there is none. */
    public double counted(String metric) {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(metric + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(metric.length() + 1)))
                .sum();
    }

    /** Returns what is counted of refusals and other errors, as lines of /metrics; nothing of what is 0. */
    public List<String> troubles() {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.matches("trunkline_(refusals|errors|desynchronizations)_total.*(?<! 0\\.0)"))
                .toList();
    }

    /** Opens a connection by pgjdbc. */
    Connection connect(String database) throws SQLException {
        return connect(database, Map.of());
    }

    /** Opens a connection by pgjdbc, with parameters of the driver. */
    public Connection connect(String database, Map<String, String> parameters) throws SQLException {
        return connect(port(), database, parameters);
    }

    /** Opens the same connection to a server directly. */
    public static Connection connect(PostgresServer server, String database, Map<String, String> parameters)
            throws SQLException {
        return connect(server.port(), database, parameters);
    }

    static Connection connect(int port, String database, Map<String, String> parameters) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", PASSWORD);
        properties.setProperty("connectTimeout", "20");
        properties.setProperty("socketTimeout", "60");
        properties.putAll(parameters);
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
    }

    /** Stops it and looks for no buffers, for a test in which another router goes on: theirs cannot be told apart. */
    void stop() {
        server.close();
    }

    @Override
    public void close() {
        stop();
        if (!Deadline.in(RELEASE_LIMIT)
                .comes(() -> OpenBuffers.since(buffersMark).isEmpty())) {
            List<Throwable> open = OpenBuffers.since(buffersMark);
            throw new AssertionError(open.size() + " buffer(s) not released, the first allocated here", open.get(0));
        }
    }
}
