// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

/** The demo router's configuration file. */
final class DemoConfiguration {
    private DemoConfiguration() {}

    static String text(DemoOptions options, int adminPort, String zooKeeper, String znode) {
        return """
                # Written by ./trunkline demo; every key is explained in router-server's reference.yaml.
                listen:
                  port: %d
                event_loops: %s
                admin:
                  port: %d
                topology:
                  source: zookeeper
                  connect: %s
                  path: %s
                users:
                  inline:
                    %s:
                      password: %s
                defaults:
                  pool_size: 8
                  read_policy: prefer-replica
                timeouts:
                  drain: 1s
                probes:
                  interval: 200ms
                  user: %s
                  password: %s
                """.formatted(
                        options.port(),
                        options.eventLoops() == 0 ? "cores" : options.eventLoops(),
                        adminPort,
                        zooKeeper,
                        znode,
                        Demo.USER,
                        Demo.PASSWORD,
                        DemoData.PROBE_USER,
                        DemoData.PROBE_PASSWORD);
    }
}
