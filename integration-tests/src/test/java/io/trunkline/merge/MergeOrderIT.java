// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * That values compare in the router as they do in the server, by the bytes the server's own send functions make of them.
 *
 * <p>The server numbers the values by {@code dense_rank}, which uses the same operators as ORDER BY and GROUP BY do.
 */
class MergeOrderIT {
    private static final long SEED = 20260811;
    private static final int VALUES = 4_000;
    private static final int PAIRS = 200_000;

    private static final TreeMap<Integer, PostgresServer> SERVERS = new TreeMap<>();

    /** A value in binary format, and its place among all; equal values have the same place. */
    private record Ranked(ByteBuf bytes, int rank, String text) {}

    static Stream<Arguments> typesOnEveryMajor() {
        return PostgresBinaries.testMajors().stream()
                .flatMap(major -> Stream.of(OrderedValues.values()).map(type -> Arguments.of(major, type)));
    }

    static Stream<Integer> majors() {
        return PostgresBinaries.testMajors().stream();
    }

    @AfterAll
    static void stopServers() {
        SERVERS.values().forEach(PostgresServer::close);
        SERVERS.clear();
    }

    @ParameterizedTest
    @MethodSource("typesOnEveryMajor")
    void ordersAndEqualsValuesAsTheServerDoes(int major, OrderedValues type) throws SQLException {
        ValueOrder order = requireNonNull(ValueOrder.of(type.oid()));
        try (Connection connection = server(major).connect("postgres")) {
            List<Ranked> values = ranked(major, connection, type);
            Random random = new Random(SEED);

            assertThat(values).hasSize(VALUES);
            for (int i = 0; i < PAIRS; i++) {
                // Every neighbour once, then any two.
                int one = i < values.size() ? i : random.nextInt(values.size());
                int other = i < values.size() ? Math.min(i + 1, values.size() - 1) : random.nextInt(values.size());
                compare(order, values.get(one), values.get(other));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    void knowsTheOidsOfItsTypes(int major) throws SQLException {
        try (Connection connection = server(major).connect("postgres");
                Statement statement = connection.createStatement()) {
            for (OrderedValues type : OrderedValues.values()) {
                try (ResultSet row = statement.executeQuery("select '" + type.typeName() + "'::regtype::oid::int8")) {
                    row.next();
                    assertThat(row.getLong(1)).as(type.typeName()).isEqualTo(type.oid());
                }
            }
            try (ResultSet rows = statement.executeQuery("select oid::int8, typname from pg_type")) {
                List<String> ordered = new ArrayList<>();
                while (rows.next()) {
                    if (ValueOrder.of(rows.getInt(1)) != null) {
                        ordered.add(rows.getString(2));
                    }
                }
                assertThat(ordered)
                        .as("types with an order, all of them compared here")
                        .hasSize(OrderedValues.values().length);
            }
        }
    }

    private static void compare(ValueOrder order, Ranked a, Ranked b) {
        int compared = order.compare(
                a.bytes,
                a.bytes.readerIndex(),
                a.bytes.readableBytes(),
                b.bytes,
                b.bytes.readerIndex(),
                b.bytes.readableBytes());
        if (Integer.signum(compared) != Integer.compare(a.rank, b.rank)) {
            throw new AssertionError("%s (rank %d) and %s (rank %d), seed %d: router says %d"
                    .formatted(a.text, a.rank, b.text, b.rank, SEED, compared));
        }
    }

    private static List<Ranked> ranked(int major, Connection connection, OrderedValues type) throws SQLException {
        String ordered = type.ordered("x");
        String query = """
                with v as materialized (
                    select t::%1$s as x from unnest(?::text[]) t)
                select %2$s(x), dense_rank() over (order by %3$s), x::text as written,
                        (select count(*) from (select 1 from v group by %3$s) g)
                    from v order by %3$s""".formatted(type.typeName(), sendFunction(connection, type), ordered);
        List<Ranked> values = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", type.texts(major, SEED, VALUES).toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                int groups = 0;
                while (rows.next()) {
                    // Behind a foreign byte, so that an index counts.
                    ByteBuf bytes = Unpooled.buffer()
                            .writeByte(7)
                            .writeBytes(rows.getBytes(1))
                            .skipBytes(1);
                    values.add(new Ranked(bytes, rows.getInt(2), rows.getString(3)));
                    groups = rows.getInt(4);
                }
                assertThat(groups).as("groups").isEqualTo(values.get(values.size() - 1).rank);
            }
        }
        return values;
    }

    private static String sendFunction(Connection connection, OrderedValues type) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select typsend::text from pg_type where oid = " + type.oid())) {
            row.next();
            return row.getString(1);
        }
    }

    private static PostgresServer server(int major) {
        return SERVERS.computeIfAbsent(major, wanted -> PostgresServer.start(PostgresOptions.major(wanted)));
    }
}
