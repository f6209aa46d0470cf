// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.server.doctor.NodeFacts.ColumnFacts;
import io.trunkline.server.doctor.NodeFacts.ForeignKeyFacts;
import io.trunkline.server.doctor.NodeFacts.PreparedTransaction;
import io.trunkline.server.doctor.NodeFacts.SequenceFacts;
import io.trunkline.server.doctor.NodeFacts.TableFacts;
import io.trunkline.server.doctor.NodeFacts.UniqueFacts;
import io.trunkline.testing.Case;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.PlacedSchema;
import io.trunkline.topology.ReferenceTable;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.SharedSequence;
import io.trunkline.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two healthy shards, one with a replica; each test breaks one thing. */
class ChecksTest {
    private static final ColumnFacts ID = new ColumnFacts("id", "bigint", "int8", true, false);
    private static final ColumnFacts NAME = new ColumnFacts("name", "text", "text", false, false);
    private static final UniqueFacts PRIMARY_KEY = new UniqueFacts("customers_pkey", List.of("id"));

    private final Map<Place, Answer> answers = new HashMap<>();
    private KeyType keyType = KeyType.INT8;
    private List<SharedSequence> sequences = List.of();

    @BeforeEach
    void answerWell() {
        put("a1", 0, Saying.healthy());
        put("a2", 0, Saying.healthy().replica());
        put("b1", 1, Saying.healthy());
    }

    private static Place place(String node, int shard) {
        return new Place("main", shard, node, "app");
    }

    private void put(String node, int shard, Saying facts) {
        answers.put(place(node, shard), new Answer.Facts(facts.facts()));
    }

    private List<String> findings() {
        return Checks.findings(topology(), answers).stream()
                .map(Finding::toString)
                .toList();
    }

    private Topology topology() {
        return new Topology(
                1,
                List.of(new Cluster(
                        "main",
                        List.of(new Shard("a", List.of(node("a1"), node("a2"))), new Shard("b", List.of(node("b1")))),
                        List.of(new Distribution("customer", keyType, HashSlots.evenly(16, 2))),
                        List.of(new ShardedTable("public", "customers", "id", "customer")),
                        List.of(new ReferenceTable("public", "countries")),
                        List.of(new PlacedSchema("tenant", 0)),
                        sequences)),
                List.of(new Database("shop", "main", "app")));
    }

    private static Node node(String name) {
        return new Node(name, name + ".example", 5432, NodeRole.AUTO, 1, "");
    }

    @Test
    @Case("H48")
    void foreignKeysThatLeaveTheShardAndTriggersAreNamed() {
        for (String node : List.of("a1", "b1")) {
            put(
                    node,
                    node.equals("a1") ? 0 : 1,
                    Saying.healthy()
                            .links(
                                    "public.customers",
                                    List.of(
                                            new ForeignKeyFacts("same", "public.customers", Map.of("id", "id")),
                                            new ForeignKeyFacts("parent", "public.customers", Map.of("name", "id")),
                                            new ForeignKeyFacts("country", "public.countries", Map.of("name", "name"))),
                                    "audit"));
        }

        assertThat(findings())
                .containsExactly(
                        "warning main app: foreign-key: parent of public.customers to public.customers",
                        "warning main app: trigger: audit of public.customers");
    }

    @Test
    void whatWouldBeWrongWithThePlanOfADryRunIsNamed() {
        Cluster planned = topology().clusters().get(0);
        Cluster dryRun = Cluster.dryRun(List.of(planned.shards().get(0)), List.of("p", "q"), planned);
        Topology topology = new Topology(1, List.of(dryRun), topology().databases());
        put("a1", 0, Saying.healthy().links("public.customers", List.of(), "audit"));

        assertThat(Checks.findings(topology, answers).stream().map(Finding::toString))
                .contains("warning main app: trigger: audit of public.customers")
                .noneMatch(finding -> finding.contains("schema-elsewhere"));
    }

    @Test
    void serversOfSeveralShardsPrepareTransactions() {
        put("a1", 0, Saying.healthy().setting("max_prepared_transactions", "0"));
        put("b1", 1, Saying.healthy().setting("max_prepared_transactions", "0"));

        assertThat(findings()).containsExactly("warning main app: no-prepare: max_prepared_transactions is 0 on a, b");
    }

    @Test
    void sequencesHaveNumbersOfTheirOwnOnEachShard() {
        sequences = List.of(new SharedSequence("ids", 100, 1));
        put("a1", 0, Saying.healthy().sequence(100, "401"));
        assertThat(findings())
                .containsExactly("error main app: sequence-missing: ids is not on b; run trunkline ids install");

        put("b1", 1, Saying.healthy().sequence(99, "801"));
        assertThat(findings()).containsExactly("warning main app: sequence-low: ids has 99 numbers left on b");

        put("b1", 1, Saying.healthy().sequence(400, "401"));
        assertThat(findings())
                .containsExactly("error main app: sequence-block: ids has the numbers before 401 on a and b");

        put("b1", 1, Saying.healthy().sequence(400, "801").table("trunkline.sequence_blocks", List.of(NAME)));
        assertThat(findings()).isEmpty();
    }

    @Test
    void idsHaveANumberForEachShard() {
        put("a1", 0, Saying.healthy().ids("0"));
        assertThat(findings()).containsExactly("warning main app: ids-missing: not on b");

        put("b1", 1, Saying.healthy().ids("0"));
        assertThat(findings()).containsExactly("error main app: id-number: 0 on a and b");

        put("b1", 1, Saying.healthy().ids("1"));
        assertThat(findings()).isEmpty();
    }

    @Test
    void tablesOfAPlacedSchemaBelongToItsShard() {
        put("a1", 0, Saying.healthy().table("tenant.invoices", List.of(ID)));
        assertThat(findings()).isEmpty();

        put("b1", 1, Saying.healthy().table("tenant.invoices", List.of(ID)));
        assertThat(findings())
                .containsExactly(
                        "warning main app: schema-elsewhere: tenant.invoices is on b, and the schema's shard is a");
    }

    @Test
    void tablesThatTheTopologyLacksAreNamed() {
        put("a1", 0, Saying.healthy().table("public.notes", List.of(ID)));
        put("b1", 1, Saying.healthy().table("public.notes", List.of(ID)));

        assertThat(findings()).containsExactly("warning main app: unlisted-table: public.notes");
    }

    @Test
    void nothingIsWrongWithHealthyShards() {
        assertThat(findings()).isEmpty();
        assertThat(Checks.places(topology())).containsExactly(place("a1", 0), place("a2", 0), place("b1", 1));
    }

    @Test
    void aSilentNodeIsUnreachableAndNoMoreIsSaidOfItsShard() {
        answers.put(place("a1", 0), new Answer.Silence("08001: connection refused"));

        assertThat(findings()).containsExactly("error main/a/a1 app: unreachable: 08001: connection refused");
    }

    @Test
    void aShardHasExactlyOnePrimary() {
        put("a2", 0, Saying.healthy());
        put("b1", 1, Saying.healthy().replica());

        assertThat(findings())
                .containsExactly(
                        "error main/a app: several-primaries: a1, a2 are not in recovery",
                        "error main/b app: no-primary: all nodes are in recovery");
    }

    @Test
    void versionsAreSupportedAndAlike() {
        put("b1", 1, Saying.healthy().version(130_012));

        assertThat(findings())
                .containsExactly(
                        "error main/b/b1 app: unsupported-version: server_version_num is 130012",
                        "warning main app: version: the major is '13' on b/b1 and '18' on a/a1, a/a2");
    }

    @Test
    void settingsAndExtensionsAreAlike() {
        put("b1", 1, Saying.healthy().setting("TimeZone", "Europe/Vienna").extension("postgis", "3.5"));

        assertThat(findings())
                .containsExactly(
                        "warning main app: setting: TimeZone is 'Europe/Vienna' on b and 'UTC' on a",
                        "warning main app: extension: postgis is '3.5' on b and 'not installed' on a");
    }

    @Test
    void encodingsAreAlike() {
        put("b1", 1, Saying.healthy().setting("server_encoding", "LATIN1"));

        assertThat(findings())
                .containsExactly("error main app: encoding: server_encoding is 'LATIN1' on b and 'UTF8' on a");
    }

    @Test
    void keysOfTextAreInUtf8() {
        keyType = KeyType.TEXT;
        ColumnFacts id = new ColumnFacts("id", "character varying(9)", "varchar", true, false);
        for (String node : List.of("a1", "b1")) {
            put(
                    node,
                    node.equals("a1") ? 0 : 1,
                    Saying.healthy().setting("server_encoding", "LATIN1").customers(List.of(id, NAME), PRIMARY_KEY));
        }

        assertThat(findings())
                .containsExactly(
                        "error main app: encoding: a key of text is hashed by its UTF8 bytes, and on a the encoding is LATIN1",
                        "error main app: encoding: a key of text is hashed by its UTF8 bytes, and on b the encoding is LATIN1");
    }

    @Test
    void tablesOfTheTopologyAreOnEachShardAndAlike() {
        put("b1", 1, Saying.healthy().customers(List.of(NAME, ID), PRIMARY_KEY).without("public.countries"));

        assertThat(findings())
                .containsExactly(
                        "error main app: table-differs: public.customers has id bigint NOT NULL on a and name text on b",
                        "error main app: table-missing: public.countries is not on b");
    }

    @Test
    void otherTablesAreAlikeToo() {
        put("b1", 1, Saying.healthy().table("public.notes", List.of(NAME)));

        assertThat(findings())
                .containsExactly(
                        "warning main app: other-table: public.notes has nothing on a and name text on b",
                        "warning main app: unlisted-table: public.notes");
    }

    @Test
    void theKeyColumnIsOfTheDistributionsType() {
        ColumnFacts rounded = new ColumnFacts("id", "numeric(10,2)", "numeric", true, false);
        put("a1", 0, Saying.healthy().customers(List.of(rounded)));
        put("b1", 1, Saying.healthy().customers(List.of(NAME)));

        assertThat(findings())
                .containsExactly(
                        "error main app: table-differs: public.customers has id numeric(10,2) NOT NULL on a and name text on b",
                        "error main app: key-column: public.customers.id is numeric(10,2) on a, and the distribution's keys are int8",
                        "error main app: key-column: public.customers has no column id on b");
        keyType = KeyType.NUMERIC;
        put("b1", 1, Saying.healthy().customers(List.of(rounded)));
        assertThat(findings()).hasSize(2).allMatch(finding -> finding.contains("key-column"));
        keyType = KeyType.TIMESTAMP;
        ColumnFacts whole = new ColumnFacts("id", "timestamp(6) without time zone", "timestamp", true, false);
        ColumnFacts seconds = new ColumnFacts("id", "timestamp(0) without time zone", "timestamp", true, false);
        put("a1", 0, Saying.healthy().customers(List.of(whole)));
        put("b1", 1, Saying.healthy().customers(List.of(seconds)));
        assertThat(findings())
                .filteredOn(finding -> finding.contains("key-column"))
                .singleElement()
                .asString()
                .contains("timestamp(0)");
    }

    @Test
    void whatHoldsOnAShardAloneIsSaidOnce() {
        ColumnFacts number = new ColumnFacts("number", "integer", "int4", false, true);
        for (String node : List.of("a1", "b1")) {
            put(
                    node,
                    node.equals("a1") ? 0 : 1,
                    Saying.healthy()
                            .customers(
                                    List.of(ID, NAME, number),
                                    PRIMARY_KEY,
                                    new UniqueFacts("by_name", List.of("name")),
                                    new UniqueFacts("by_name_of_id", List.of("name", "id"))));
        }

        assertThat(findings())
                .containsExactly(
                        "warning main app: sequence: public.customers.number",
                        "warning main app: unique: by_name of public.customers (name)");
    }

    @Test
    void preparedTransactionsEndAndClocksAgree() {
        put("b1", 1, Saying.healthy().prepared("old", 301).prepared("new", 300).ahead(-1_500));

        assertThat(findings())
                .containsExactly(
                        "warning main/b/b1 app: clock: 1500 ms behind",
                        "warning main/b/b1 app: prepared-transaction: 'old' for 301 s");
    }

    /** What one node says; its methods change a copy. */
    private record Saying(
            boolean inRecovery,
            int version,
            long aheadMillis,
            Map<String, String> settings,
            Map<String, String> extensions,
            List<PreparedTransaction> prepared,
            Map<String, TableFacts> tables,
            @Nullable String idNumber,
            Map<String, SequenceFacts> sequences) {

        static Saying healthy() {
            Map<String, TableFacts> tables = new HashMap<>();
            tables.put(
                    "public.customers", new TableFacts(List.of(ID, NAME), List.of(PRIMARY_KEY), List.of(), List.of()));
            tables.put("public.countries", new TableFacts(List.of(NAME), List.of(), List.of(), List.of()));
            return new Saying(
                    false,
                    180_006,
                    40,
                    new HashMap<>(Map.of("TimeZone", "UTC", "server_encoding", "UTF8")),
                    new HashMap<>(Map.of("plpgsql", "1.0")),
                    new ArrayList<>(),
                    tables,
                    null,
                    new HashMap<>());
        }

        NodeFacts facts() {
            return new NodeFacts(
                    inRecovery,
                    version,
                    Duration.ofMillis(aheadMillis),
                    settings,
                    extensions,
                    prepared,
                    tables,
                    idNumber,
                    sequences);
        }

        Saying replica() {
            return new Saying(true, version, aheadMillis, settings, extensions, prepared, tables, idNumber, sequences);
        }

        Saying version(int number) {
            return new Saying(
                    inRecovery, number, aheadMillis, settings, extensions, prepared, tables, idNumber, sequences);
        }

        Saying ahead(long millis) {
            return new Saying(inRecovery, version, millis, settings, extensions, prepared, tables, idNumber, sequences);
        }

        Saying setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        Saying extension(String name, String extensionVersion) {
            extensions.put(name, extensionVersion);
            return this;
        }

        Saying prepared(String gid, long seconds) {
            prepared.add(new PreparedTransaction(gid, Duration.ofSeconds(seconds)));
            return this;
        }

        Saying customers(List<ColumnFacts> columns, UniqueFacts... uniques) {
            tables.put("public.customers", new TableFacts(columns, List.of(uniques), List.of(), List.of()));
            return this;
        }

        Saying table(String name, List<ColumnFacts> columns) {
            tables.put(name, new TableFacts(columns, List.of(), List.of(), List.of()));
            return this;
        }

        Saying links(String name, List<ForeignKeyFacts> foreignKeys, String... triggers) {
            tables.put(name, new TableFacts(List.of(ID, NAME), List.of(), foreignKeys, List.of(triggers)));
            return this;
        }

        Saying ids(String number) {
            return new Saying(
                    inRecovery, version, aheadMillis, settings, extensions, prepared, tables, number, sequences);
        }

        Saying sequence(long left, String endNumber) {
            sequences.put("ids", new SequenceFacts(left, endNumber));
            return this;
        }

        Saying without(String name) {
            tables.remove(name);
            return this;
        }
    }
}
