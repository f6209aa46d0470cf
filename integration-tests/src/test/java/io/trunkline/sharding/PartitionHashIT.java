// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.topology.KeyFormatException;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * That router and server read the same key from the same text and put it into the same partition, whatever the session's
 * settings are.
 *
 * <p>The server reads every text into a table that is itself partitioned by hash, so that its own choice of partition is
 * compared, and is asked by {@code satisfies_hash_partition} about other moduli.
 */
class PartitionHashIT {
    private static final long SEED = 20260731;
    private static final int KEYS = 1500;
    private static final int PARTITIONS = 16;
    private static final List<Integer> MODULI = List.of(2, 7, 1024, 65_536);

    /** DateStyle and TimeZone under which the server reads; they must not matter. */
    private static final List<List<String>> SESSIONS = List.of(
            List.of("ISO, MDY", "UTC"),
            List.of("German, DMY", "Asia/Kolkata"),
            List.of("SQL, YMD", "America/St_Johns"));

    private static final TreeMap<Integer, PostgresServer> SERVERS = new TreeMap<>();

    static Stream<Arguments> typesOnEveryMajor() {
        return PostgresBinaries.testMajors().stream()
                .flatMap(major -> Stream.of(KeyType.values()).map(type -> Arguments.of(major, type)));
    }

    @AfterAll
    static void stopServers() {
        SERVERS.values().forEach(PostgresServer::close);
        SERVERS.clear();
    }

    @ParameterizedTest
    @MethodSource("typesOnEveryMajor")
    void readsAndPlacesEveryKeyAsTheServerDoes(int major, KeyType type) throws SQLException {
        List<String> texts = new RandomKeys(SEED).wellFormed(type, KEYS);

        try (Connection connection = server(major).connect("postgres")) {
            for (List<String> session : SESSIONS) {
                Comparison comparison = compare(connection, type, texts, session);

                assertThat(comparison.differences).isEmpty();
                assertThat(comparison.agreed)
                        .as("none of these texts may be refused")
                        .hasSameElementsAs(major >= 16 ? texts : withoutSyntaxOf16(type, texts));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("typesOnEveryMajor")
    void understandsNothingElseThanTheServerInTextsThatAreNearlyKeys(int major, KeyType type) throws SQLException {
        RandomKeys keys = new RandomKeys(SEED);
        List<String> texts = keys.mutated(keys.wellFormed(type, KEYS));

        try (Connection connection = server(major).connect("postgres")) {
            for (List<String> session : SESSIONS) {
                Comparison comparison = compare(connection, type, texts, session);

                assertThat(comparison.differences).isEmpty();
                assertThat(comparison.onlyRouter)
                        .as("texts that only the router understands")
                        .allMatch(text -> major < 16 && isSyntaxOf16(type, text));
                // Some changes leave a text in order; without them nothing would have been compared.
                assertThat(comparison.agreed).isNotEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("typesOnEveryMajor")
    void receivesTheBinaryFormatAsTheServerSendsIt(int major, KeyType type) throws SQLException {
        List<String> texts = withoutSyntaxOf16(type, new RandomKeys(SEED).wellFormed(type, KEYS));

        try (Connection connection = server(major).connect("postgres");
                PreparedStatement query = connection.prepareStatement(
                        "select t, " + sendFunction(type) + "(t::" + type.typeName() + ") from unnest(?::text[]) t")) {
            query.setArray(1, connection.createArrayOf("text", texts.toArray()));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    KeyValue received = KeyValue.receive(type, ByteBuffer.wrap(rows.getBytes(2)));

                    assertThat(received).as(rows.getString(1)).isEqualTo(KeyValue.parse(type, rows.getString(1)));
                }
            }
        }
    }

    /** What became of the texts that the router understood. */
    private static final class Comparison {
        private final List<String> agreed = new ArrayList<>();
        private final List<String> onlyRouter = new ArrayList<>();
        private final List<String> differences = new ArrayList<>();
    }

    private static Comparison compare(Connection connection, KeyType type, List<String> texts, List<String> session)
            throws SQLException {
        letServerRead(connection, type, texts, session);
        letRouterRead(connection, type, texts);
        Comparison comparison = new Comparison();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select o, k::text, 'seen' || partition = seen.tableoid::regclass::text and (
                                select bool_and(satisfies_hash_partition('seen'::regclass, modulus, slot, k))
                                from unnest(moduli, slots) as u (modulus, slot))
                        from offered left join seen using (o) order by o""")) {
            while (rows.next()) {
                String text = texts.get(rows.getInt(1) - 1);
                String canonical = rows.getString(2);
                KeyValue ours = KeyValue.parse(type, text);
                if (canonical == null) {
                    comparison.onlyRouter.add(text);
                } else if (isSame(type, ours, canonical) && rows.getBoolean(3)) {
                    comparison.agreed.add(text);
                } else {
                    comparison.differences.add("%s \"%s\" (seed %d): server %s, router %s"
                            .formatted(type, text, SEED, canonical, ours.text()));
                }
            }
        }
        return comparison;
    }

    /** Says whether the router's key is what the server writes, which for numeric and timestamps may differ in zeros. */
    private static boolean isSame(KeyType type, KeyValue ours, String canonical) {
        return switch (type) {
            case INT2, INT4, INT8, TEXT, VARCHAR, UUID, DATE -> ours.text().equals(canonical);
            case TIMESTAMP, TIMESTAMPTZ, NUMERIC -> ours.equals(KeyValue.parse(type, canonical));
        };
    }

    /** Fills {@code seen} with what the server reads from each text, in a function that has these settings. */
    private static void letServerRead(Connection connection, KeyType type, List<String> texts, List<String> session)
            throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists seen, offered");
            statement.execute("create table seen (o int, k %s) partition by hash (k)".formatted(type.typeName()));
            for (int i = 0; i < PARTITIONS; i++) {
                statement.execute("create table seen%d partition of seen for values with (modulus %d, remainder %d)"
                        .formatted(i, PARTITIONS, i));
            }
            statement.execute("drop function if exists try_read");
            statement.execute("""
                    create function try_read(t text) returns %s language plpgsql
                        set datestyle to %s set timezone to '%s'
                        as 'begin return t::%s; exception when others then return null; end'""".formatted(type.typeName(), session.get(0), session.get(1), type.typeName()));
        }
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into seen select o, k
                    from unnest(?::text[]) with ordinality as texts (t, o), lateral (select try_read(t)) as keys (k)
                    where k is not null""")) {
            insert.setArray(1, connection.createArrayOf("text", texts.toArray()));
            insert.executeUpdate();
        }
    }

    /** Fills {@code offered} with the partition and the slots the router chooses for each text it understands. */
    private static void letRouterRead(Connection connection, KeyType type, List<String> texts) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("create table offered (o int primary key, partition int, moduli int[], slots int[])");
        }
        Object[] moduli = MODULI.toArray();
        try (PreparedStatement insert = connection.prepareStatement("insert into offered values (?, ?, ?, ?)")) {
            for (int i = 0; i < texts.size(); i++) {
                Optional<KeyValue> key = parse(type, texts.get(i));
                if (key.isEmpty()) {
                    continue;
                }
                insert.setInt(1, i + 1);
                insert.setInt(2, slot(PARTITIONS, key.get()));
                insert.setArray(3, connection.createArrayOf("int4", moduli));
                insert.setArray(4, connection.createArrayOf("int4", slots(key.get())));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static Object[] slots(KeyValue key) {
        return MODULI.stream().map(modulus -> slot(modulus, key)).toArray();
    }

    private static int slot(int modulus, KeyValue key) {
        return (int) Long.remainderUnsigned(key.partitionHash(), modulus);
    }

    private static Optional<KeyValue> parse(KeyType type, String text) {
        try {
            return Optional.of(KeyValue.parse(type, text));
        } catch (KeyFormatException e) {
            return Optional.empty();
        }
    }

    private static List<String> withoutSyntaxOf16(KeyType type, List<String> texts) {
        return texts.stream().filter(text -> !isSyntaxOf16(type, text)).toList();
    }

    /** Says whether PostgreSQL 16 is the first to understand the text. */
    private static boolean isSyntaxOf16(KeyType type, String text) {
        return Set.of(KeyType.INT2, KeyType.INT4, KeyType.INT8, KeyType.NUMERIC).contains(type)
                && text.matches("(?is).*(_|0x|0o|0b).*");
    }

    private static String sendFunction(KeyType type) {
        return switch (type) {
            case INT2, INT4, INT8, TEXT, VARCHAR -> type.typeName() + "send";
            case UUID, DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC -> type.typeName() + "_send";
        };
    }

    private static PostgresServer server(int major) {
        return SERVERS.computeIfAbsent(major, wanted -> PostgresServer.start(PostgresOptions.major(wanted)));
    }
}
