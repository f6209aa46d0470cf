// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.PostgresServer;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What a running demo tells other processes: a properties file in the folder for temporary files, named after the router's port, readable by its
 * owner only, and gone with the demo.
 *
 * <pre>
 * pid, port, admin.port, router.pid, zookeeper, control, shards
 * shard.N.primary                                 name of the server that leads
 * shard.N.SERVER.port, .pid (0: not running), .data, .log
 * </pre>
 */
final class DemoState {
    private final Properties properties;

    private DemoState(Properties properties) {
        this.properties = properties;
    }

    /** Returns where the demo on the given port writes its state. */
    static Path file(int port) {
        return Path.of(
                System.getProperty("java.io.tmpdir"),
                "trunkline-demo-" + System.getProperty("user.name") + "-" + port + ".properties");
    }

    static DemoState of(Demo demo) {
        Properties properties = new Properties();
        put(properties, "pid", ProcessHandle.current().pid());
        put(properties, "port", demo.port());
        put(properties, "admin.port", demo.adminPort());
        put(properties, "router.pid", demo.router().pid());
        put(properties, "zookeeper", demo.zooKeeper());
        put(properties, "control", demo.controlSocket());
        put(properties, "shards", demo.shards().shards().size());
        for (int shard = 0; shard < demo.shards().shards().size(); shard++) {
            PostgresCluster servers = demo.shards().shard(shard);
            put(properties, "shard." + shard + ".primary", servers.primary().name());
            for (PostgresServer server : servers.servers()) {
                String prefix = "shard." + shard + "." + server.name() + ".";
                put(properties, prefix + "port", server.port());
                put(properties, prefix + "pid", server.isRunning() ? server.pid() : 0);
                put(properties, prefix + "data", server.dataDirectory());
                put(properties, prefix + "log", server.log());
            }
        }
        return new DemoState(properties);
    }

    /** Reads the state of the demo whose router listens on the given port. */
    static DemoState read(int port) {
        Path file = file(port);
        if (!Files.exists(file)) {
            throw new FixtureException("no demo is running on port " + port + " (there is no " + file
                    + "); start one with ./trunkline demo");
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new DemoState(properties);
    }

    /** Writes the file in one step: readers see the old one or the new one. */
    void write(Path file) {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        try {
            Files.deleteIfExists(partial);
            Files.createFile(
                    partial, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (Writer writer = Files.newBufferedWriter(partial, StandardCharsets.UTF_8)) {
                properties.store(writer, "a running trunkline demo");
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return Integer.parseInt(get("port"));
    }

    int shards() {
        return Integer.parseInt(get("shards"));
    }

    Path control() {
        return Path.of(get("control"));
    }

    /** Returns the port of the server that leads a shard. */
    int primaryPort(int shard) {
        return Integer.parseInt(get("shard." + shard + "." + get("shard." + shard + ".primary") + ".port"));
    }

    private String get(String key) {
        @Nullable String value = properties.getProperty(key);
        if (value == null) {
            throw new FixtureException("the demo's state has no " + key);
        }
        return value;
    }

    private static void put(Properties properties, String key, Object value) {
        properties.setProperty(key, value.toString());
    }
}
