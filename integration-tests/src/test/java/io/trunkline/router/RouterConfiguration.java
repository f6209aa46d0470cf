// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.fixture.PostgresServer;
import java.util.LinkedHashMap;
import java.util.Map;

/** The configuration file of a router under test, by full names of its keys. */
final class RouterConfiguration {
    private final Map<String, Object> root = new LinkedHashMap<>();

    private RouterConfiguration() {}

    /** Returns a configuration with free ports, the two users of the tests, and probes that notice within a fraction of a second. */
    static RouterConfiguration forTests() {
        RouterConfiguration configuration = new RouterConfiguration();
        configuration.set("listen.port", "0");
        configuration.set("admin.port", "0");
        configuration.set("event_loops", "2");
        configuration.set("topology.file_interval", "100ms");
        configuration.set("users.inline." + RouterUnderTest.USER + ".password", RouterUnderTest.PASSWORD);
        configuration.set("users.inline." + RouterUnderTest.TRUSTED_USER + ".trust", "true");
        configuration.set("defaults.pool_size", "4");
        configuration.set("defaults.lease_wait_timeout", "20s");
        configuration.set("timeouts.drain", "100ms");
        configuration.set("probes.interval", "100ms");
        configuration.set("probes.urgent_interval", "50ms");
        configuration.set("probes.user", PostgresServer.SUPERUSER);
        configuration.set("probes.password", PostgresServer.PASSWORD);
        configuration.set("probes.catalog_interval", "1s");
        return configuration;
    }

    @SuppressWarnings("unchecked")
    void set(String key, String value) {
        Map<String, Object> section = root;
        String[] names = key.split("\\.", -1);
        for (int i = 0; i < names.length - 1; i++) {
            section = (Map<String, Object>) section.computeIfAbsent(names[i], name -> new LinkedHashMap<>());
        }
        section.put(names[names.length - 1], value);
    }

    /** Returns the text of the file. */
    String text() {
        StringBuilder yaml = new StringBuilder();
        write(yaml, root, "");
        return yaml.toString();
    }

    private static void write(StringBuilder yaml, Map<?, ?> section, String indent) {
        section.forEach((name, value) -> {
            yaml.append(indent).append(name).append(':');
            if (value instanceof Map<?, ?> inner) {
                yaml.append('\n');
                write(yaml, inner, indent + "  ");
            } else {
                yaml.append(' ').append(value).append('\n');
            }
        });
    }
}
