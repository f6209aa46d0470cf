// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    @TempDir
    Path directory;

    private final Map<String, String> environment = Map.of("HOST", "db.example", "APP_PASSWORD", "s3cret");

    private RouterConfig load(String yaml) throws Exception {
        return new ConfigLoader(environment::get).load(Files.writeString(directory.resolve("t.yaml"), yaml));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '§', textBlock = """
            # numbers
            listen: {port: 70000}               § listen.port: 70000 (expected: 0..65535)
            listen: {port: abc}                 § listen.port: abc (expected: 0..65535)
            listen: {port: 6432.0}              § listen.port: 6432.0 (expected: 0..65535)
            listen: {port: 99999999999}         § listen.port: 99999999999 (expected: 0..65535)
            defaults: {pool_size: 0}            § defaults.pool_size: 0 (expected: 1..10000)
            databases: {orders: {pool_size: 0}} § databases.orders.pool_size: 0 (expected: 1..10000)
            event_loops: 0                      § event_loops: 0 (expected: cores | 1..256)
            event_loops: many                   § event_loops: many (expected: cores | 1..256)
            # durations and sizes need units
            timeouts: {login: 5}                § timeouts.login: 5 (expected: 100ms..10min with unit ms, s, min, h or d)
            timeouts: {login: 5 s}              § timeouts.login: 5 s (expected: 100ms..10min with unit ms, s, min, h or d)
            timeouts: {login: -5s}              § timeouts.login: -5s (expected: 100ms..10min with unit ms, s, min, h or d)
            timeouts: {login: 1h}               § timeouts.login: 1h (expected: 100ms..10min with unit ms, s, min, h or d)
            timeouts: {login: 99ms}             § timeouts.login: 99ms (expected: 100ms..10min with unit ms, s, min, h or d)
            limits: {held_bytes: 1048576}       § limits.held_bytes: 1048576 (expected: 16KiB..256MiB with unit B, KiB, MiB or GiB)
            limits: {held_bytes: 1MB}           § limits.held_bytes: 1MB (expected: 16KiB..256MiB with unit B, KiB, MiB or GiB)
            limits: {held_bytes: 1GiB}          § limits.held_bytes: 1GiB (expected: 16KiB..256MiB with unit B, KiB, MiB or GiB)
            defaults: {query_timeout: 5}        § defaults.query_timeout: 5 (expected: 0s..30d with unit ms, s, min, h or d)
            databases: {a: {idle_timeout: 31d}} § databases.a.idle_timeout: 31d (expected: 0s..30d with unit ms, s, min, h or d)
            users: {inline: {a: {trust: true, transaction_timeout: -1s}}} § users.inline.a.transaction_timeout: -1s (expected: 0s..30d with unit ms, s, min, h or d)
            # words
            transport: kqueue                   § transport: kqueue (expected: auto | epoll | nio | io-uring)
            transport: EPOLL                    § transport: EPOLL (expected: auto | epoll | nio | io-uring)
            defaults: {read_policy: any}        § defaults.read_policy: any (expected: primary | prefer-replica | replica)
            users: {inline: {a: {trust: yes}}}  § users.inline.a.trust: yes (expected: true | false)
            # shapes
            listen: 6432                        § listen: 6432 (expected: a section with keys)
            listen: [a]                         § listen: a list (expected: a section with keys)
            listen: {port: [1]}                 § listen.port: a list (expected: 0..65535)
            listen: {port: {a: 1}}              § listen.port: a section (expected: 0..65535)
            users: {inline: {a: {trust: true, databases: x}}}   § users.inline.a.databases: x (expected: a list such as [a, b])
            users: {inline: {a: {trust: true, databases: [[]]}}} § users.inline.a.databases[0]: a list (expected: text)
            listen: {port: 1, port: 2}          § listen.port: written twice (expected: each key once)
            {[a]: b}                            § a list (expected: a key)
            # unknown keys
            listn: {port: 1}                    § listn: unknown key (expected: listen)
            listen: {prot: 1}                   § listen.prot: unknown key (expected: port)
            limits: {session: 1}                § limits.session: unknown key (expected: sessions)
            admin: {authentication: 1}          § admin.authentication: unknown key (expected: one of host, port, terminate_clients)
            # keys that depend on each other
            listen: {tls: {mode: require, key: k}} § listen.tls.certificate: missing (expected: a PEM file, because mode is not disable)
            listen: {tls: {mode: allow, certificate: c}} § listen.tls.key: missing (expected: a PEM file, because mode is not disable)
            backend: {tls: {ca: /ca.pem}}       § backend.tls.ca: /ca.pem (expected: no file, because mode verifies nothing)
            defaults: {min_pool_size: 21}       § defaults.min_pool_size: 21 (expected: at most pool_size, 20)
            topology: {router_id: a b}          § topology.router_id: a b (expected: letters, digits, _, - and .)
            users: {decoy_secret: short}        § users.decoy_secret: *** (expected: at least 16 characters)
            topology: {source: zookeeper}       § topology.connect: missing (expected: a connect string such as zk1:2181,zk2:2181, because source is zookeeper)
            topology: {path: trunkline}         § topology.path: trunkline (expected: an absolute znode path such as /trunkline)
            users: {inline: {a: {databases: [b]}}} § users.inline.a.password: missing (expected: exactly one of password, verifier and trust: true)
            users: {inline: {a: {password: p, trust: true}}} § users.inline.a.password: *** (expected: exactly one of password, verifier and trust: true)
            users: {inline: {a: {verifier: md5x}}} § users.inline.a.verifier: *** (expected: SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>)
            # the world outside the file
            listen: {host: '${ENV:NO}'}         § listen.host: ${ENV:NO} (expected: the environment variable NO to be set)
            users: {inline: {a: {trust: true, databases: ['${ENV:NO}']}}} § users.inline.a.databases[0]: ${ENV:NO} (expected: the environment variable NO to be set)
            # YAML itself
            listen: {port                       § expected ',' or '}', but got <stream end> (expected: YAML)
            """)
    void namesKeyValueAndExpectation(String yaml, String problem) {
        assertThatThrownBy(() -> load(yaml))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigProblem::toString)
                                .containsExactly(problem));
    }

    @Test
    void reportsAllProblemsWithTheirLines() {
        String yaml = """
                listen:
                  port: x
                  tls: {mode: maybe}
                limits:
                  sessions: 0
                """;

        assertThatThrownBy(() -> load(yaml))
                .hasMessage(
                        "%s:2: listen.port: x (expected: 0..65535)\n"
                                + "%1$s:3: listen.tls.mode: maybe (expected: disable | allow | require)\n"
                                + "%1$s:5: limits.sessions: 0 (expected: 1..1000000)",
                        directory.resolve("t.yaml"));
    }

    @Test
    void refusesTwoDocumentsInOneFile() {
        assertThatThrownBy(() -> load("listen: {}\n---\nlisten: {}\n"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("(expected: YAML)");
    }

    @Test
    void saysThatAFileCannotBeRead() {
        Path missing = directory.resolve("none.yaml");

        assertThatThrownBy(() -> new ConfigLoader().load(missing))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("none.yaml: no such file (expected: a readable UTF-8 file)");
    }

    @Test
    void databasesInheritKeyByKey() throws Exception {
        RouterConfig config = load("""
                defaults: {pool_size: 7, read_policy: prefer-replica}
                databases:
                  orders: {pool_mode: session}
                  reports: {pool_size: 3}
                """);

        assertThat(config.database("orders").poolMode()).isEqualTo(DatabaseConfig.PoolMode.SESSION);
        assertThat(config.database("orders").poolSize()).isEqualTo(7);
        assertThat(config.database("reports").poolSize()).isEqualTo(3);
        assertThat(config.database("reports").readPolicy()).isEqualTo(DatabaseConfig.ReadPolicy.PREFER_REPLICA);
        assertThat(config.database("other")).isEqualTo(config.defaults());
    }

    @Test
    void readsUnitsWordsAndPaths() throws Exception {
        RouterConfig config = load("""
                event_loops: 2
                transport: io_uring
                topology: {file: conf/topology.json}
                timeouts: {login: 200ms, backend_lifetime: 7d}
                limits: {held_bytes: 64KiB}
                """);

        assertThat(config.eventLoops().resolve()).isEqualTo(2);
        assertThat(config.transport()).isEqualTo(RouterConfig.Transport.IO_URING);
        assertThat(config.topology().file()).isEqualTo(directory.resolve("conf/topology.json"));
        assertThat(config.timeouts().login()).isEqualTo(Duration.ofMillis(200));
        assertThat(config.timeouts().backendLifetime()).isEqualTo(Duration.ofDays(7));
        assertThat(config.limits().heldBytes().bytes()).isEqualTo(65536);
    }

    @Test
    void takesSecretsFromEnvironmentAndFile() throws Exception {
        Files.writeString(directory.resolve("probe.password"), "from file\n");

        RouterConfig config = load("""
                listen: {host: "${ENV:HOST}"}
                users: {inline: {app: {password: "${ENV:APP_PASSWORD}"}}}
                probes: {password: "file:probe.password"}
                """);

        assertThat(config.listen().host()).isEqualTo("db.example");
        assertThat(config.users().inline().get("app").password()).isEqualTo(new Secret("s3cret"));
        assertThat(config.probes().password()).isEqualTo(new Secret("from file"));
    }

    @Test
    void takesElementsOfListsFromTheEnvironment() throws Exception {
        RouterConfig config = load("users: {inline: {app: {trust: true, databases: [orders, \"at ${ENV:HOST}\"]}}}\n");

        assertThat(config.users().inline().get("app").databases()).containsExactly("orders", "at db.example");
    }

    @Test
    void showsNoSecretInItsText() throws Exception {
        RouterConfig config = load("users: {inline: {app: {password: s3cret}}}\nprobes: {password: t0p}\n");

        assertThat(config.toString()).doesNotContain("s3cret", "t0p").contains("***");
    }

    @Test
    void readsAUsersFile() throws Exception {
        Path file = Files.writeString(directory.resolve("users.yaml"), """
                app: {password: a, databases: [orders, reports], backend_user: app_rw}
                "odd name": {trust: true}
                """);

        Map<String, UserConfig> users = new ConfigLoader().loadUsers(file);

        assertThat(users).containsOnlyKeys("app", "odd name");
        assertThat(users.get("app").databases()).isEqualTo(List.of("orders", "reports"));
        assertThat(users.get("app").backendUser()).isEqualTo("app_rw");
        assertThat(users.get("odd name").trust()).isTrue();
    }
}
