// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What each command prints and which code it exits with. */
class CommandTest {
    private static final String TOPOLOGY = """
            {"revision": 4,
             "clusters": [{"name": "main", "shards": [{"name": "s0", "nodes": [
               {"name": "n0", "host": "127.0.0.1", "port": 5432, "role": "primary"}]}]}],
             "databases": [{"name": "shop", "cluster": "main"}]}
            """;

    private static final String CONFIG = "users: {inline: {app: {password: secret, databases: [shop]}}}\n";

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path config;

    @BeforeEach
    void write() throws IOException {
        config = Files.writeString(directory.resolve("t.yaml"), CONFIG);
        Files.writeString(directory.resolve("topology.json"), TOPOLOGY);
    }

    private int run(String... arguments) {
        CommandLine command = TrunklineCommand.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return command.execute(arguments);
    }

    @Test
    void checkFindsAValidConfigurationValid() {
        int code = run("check", "--config", config.toString());

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString())
                .contains("topology: " + directory.resolve("topology.json") + ", revision 4")
                .contains("users: 1")
                .contains("t.yaml is valid");
        assertThat(code).isZero();
    }

    @Test
    void idsPrintsTheSqlOfAShardWithItsSequences() {
        int code = run("ids", "sql", "--number", "7", "--sequence", "orders_id", "--sequence", "A.b");

        assertThat(out.toString())
                .contains("SELECT 7::bigint")
                .contains("CREATE OR REPLACE FUNCTION trunkline.next_value(sequence text)")
                .contains("CREATE SEQUENCE IF NOT EXISTS trunkline.\"count_orders_id\" MINVALUE 0 START 0;")
                .contains("CREATE SEQUENCE IF NOT EXISTS trunkline.\"count_A.b\" MINVALUE 0 START 0;");
        assertThat(code).isZero();
    }

    @Test
    void idsRefusesANameThatNoTopologyHas() {
        int code = run("ids", "sql", "--number", "7", "--sequence", "a\"; drop table b; --");

        assertThat(err.toString())
                .contains("--sequence: a\"; drop table b; -- (expected: 1 to 50 letters, digits, '_', '-' and '.')");
        assertThat(code).isEqualTo(2);
    }

    @Test
    void checkFindsTheConfigurationOfTheImageValid() {
        int code = run("check", "--config", "../docker/trunkline.yaml");

        assertThat(err.toString()).isEmpty();
        assertThat(code).isZero();
    }

    @Test
    void checkReportsAllProblemsOfTheConfiguration() throws IOException {
        Files.writeString(config, "listen: {port: x}\nlimits: {sessions: 0}\n");

        int code = run("check", "-c", config.toString());

        assertThat(err.toString())
                .contains("t.yaml:1: listen.port: x (expected: 0..65535)")
                .contains("t.yaml:2: limits.sessions: 0 (expected: 1..1000000)");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void checkReadsTheFilesThatTheConfigurationNames() throws IOException {
        Files.writeString(
                config,
                "listen: {tls: {mode: require, certificate: no.crt, key: no.key}}\n"
                        + "users: {inline: {a: {password: x}, b: {password: y, backend_user: a}}}\n");

        int code = run("check", "-c", config.toString());

        assertThat(err.toString())
                .contains("listen.tls: ")
                .contains("no.crt")
                .contains("role \"a\" has two different backend passwords");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void checkComparesConfigurationAndTopology() throws IOException {
        Files.writeString(
                config,
                "databases: {other: {pool_size: 3}}\n"
                        + "users: {inline: {a: {password: x, databases: [shop, store]}}}\n");

        int code = run("check", "-c", config.toString());

        assertThat(err.toString().lines())
                .containsExactly(
                        "databases.other: not in the topology (expected: shop)",
                        "user a: database store is not in the topology (expected: shop)");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void checkReportsABrokenTopology() throws IOException {
        Files.writeString(directory.resolve("topology.json"), TOPOLOGY.replace("5432", "0"));

        int code = run("check", "-c", config.toString());

        assertThat(err.toString()).contains("topology.json: clusters[0].shards[0].nodes[0].port: 0");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void checkFindsUsersThatStandTwice() throws IOException {
        Files.writeString(directory.resolve("users.yaml"), "app: {trust: true}\n");
        Files.writeString(config, "users: {file: users.yaml, inline: {app: {trust: true}}}\n");

        int code = run("check", "-c", config.toString());

        assertThat(err.toString()).contains("users.inline.app: also in ").contains("(expected: each user once)");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void serveDoesNotStartOnAWrongConfiguration() throws IOException {
        Files.writeString(config, "transport: pigeon\n");

        int code = run("serve", "-c", config.toString());

        assertThat(err.toString()).contains("transport: pigeon (expected: auto | epoll | nio | io-uring)");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void routeSaysWhereAStatementRuns() {
        int code = run(
                "route",
                "--config",
                config.toString(),
                "--sql",
                "select * from t where id = $1",
                "--param",
                "42::int8");

        assertThat(err.toString()).isEmpty();
        assertThat(out.toString())
                .contains("shard: s0")
                .contains("role: replica or primary")
                .contains("single_shard");
        assertThat(code).isZero();
    }

    @Test
    void routeSaysWhyAStatementIsRefused() throws IOException {
        Path topology = Files.writeString(directory.resolve("two.json"), """
                {"revision": 1,
                 "clusters": [{"name": "main",
                   "shards": [
                     {"name": "s0", "nodes": [{"name": "n0", "host": "127.0.0.1", "port": 5432, "role": "primary"}]},
                     {"name": "s1", "nodes": [{"name": "n1", "host": "127.0.0.1", "port": 5433, "role": "primary"}]}],
                   "distributions": [{"name": "by_id", "keyType": "int8", "function": {"kind": "hash", "slots": 2, "assignments": [
                     {"from": 0, "to": 1, "shard": "s0"}, {"from": 1, "to": 2, "shard": "s1"}]}}],
                   "shardedTables": [{"schema": "public", "name": "t", "keyColumn": "id", "distribution": "by_id"}]}],
                 "databases": [{"name": "shop", "cluster": "main"}]}
                """);

        int code = run("route", "--topology", topology.toString(), "--sql", "select corr(a, b) from t");

        assertThat(out.toString()).contains("error: 0A000: ").contains("hint: ");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void routeAsksForTheDatabaseWhenThereAreSeveral() throws IOException {
        Path topology = Files.writeString(
                directory.resolve("two.json"),
                TOPOLOGY.replace("\"databases\": [", "\"databases\": [{\"name\": \"a\", \"cluster\": \"main\"}, "));

        int code = run("route", "--topology", topology.toString(), "--sql", "select 1");

        assertThat(err.toString()).contains("--database: missing (expected: one of a, shop)");
        assertThat(code).isEqualTo(1);
    }

    @Test
    void aWrongCommandLineIsAUsageError() {
        assertThat(run("serve")).isEqualTo(2);
        assertThat(err.toString()).contains("Missing required option: '--config=FILE'");
        assertThat(run("server")).isEqualTo(2);
    }

    @Test
    void tellsItsVersion() {
        int code = run("--version");

        assertThat(out.toString()).startsWith("trunkline ");
        assertThat(code).isZero();
    }
}
