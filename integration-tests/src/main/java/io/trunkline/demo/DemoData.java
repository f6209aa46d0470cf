// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.fixture.FixtureException;
import io.trunkline.fixture.PostgresCluster;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.ShardFunction;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** The demo's schema and rows, the same on every run: customers and their orders on their customer's shard, countries on every shard. */
final class DemoData {
    /** What the router's probes log in as. */
    static final String PROBE_USER = "trunkline_probe";

    static final String PROBE_PASSWORD = "trunkline_probe";

    private static final int CUSTOMERS = 1_000;
    private static final int ORDERS = 5_000;
    private static final long SEED = 6432;

    private static final List<String> FIRST_NAMES =
            List.of("Ada", "Alan", "Barbara", "Donald", "Edgar", "Frances", "Grace", "Jim", "Margaret", "Michael");
    private static final List<String> LAST_NAMES =
            List.of("Allen", "Codd", "Gray", "Hamilton", "Hopper", "Knuth", "Liskov", "Lovelace", "Stone", "Turing");
    private static final List<String> COUNTRIES = List.of(
            "AT Austria",
            "BR Brazil",
            "CA Canada",
            "CH Switzerland",
            "DE Germany",
            "FR France",
            "GB United Kingdom",
            "IN India",
            "JP Japan",
            "KE Kenya",
            "NO Norway",
            "US United States");

    private static final String SCHEMA = """
            create table countries (code text primary key, name text not null);
            create table customers (id int8 primary key, name text not null, country text not null references countries);
            create table orders (id int8, customer_id int8 not null, amount numeric(12,2) not null,
                                 placed_at timestamptz not null, primary key (customer_id, id));
            """;

    private final ShardedCluster shards;
    private final ShardFunction function;

    DemoData(ShardedCluster shards) {
        this.shards = shards;
        this.function = DemoTopology.shardFunction(shards.shards().size());
    }

    /** Makes users, tables and rows on every shard, with the replicas following. */
    void load() {
        IntStream.range(0, shards.shards().size()).parallel().forEach(this::loadShard);
    }

    /** Returns for each shard a statement that reads the customer with the smallest id there. */
    List<String> readsByShard() {
        return IntStream.range(0, shards.shards().size())
                .mapToObj(shard -> "select * from customers where id = " + firstCustomer(shard))
                .toList();
    }

    /** Returns a transaction that writes on every shard. */
    List<String> transactionOnAllShards() {
        Stream<String> updates = IntStream.range(0, shards.shards().size())
                .mapToObj(shard -> "update customers set name = 'Ada' where id = " + firstCustomer(shard));
        return Stream.of(Stream.of("begin"), updates, Stream.of("commit"))
                .flatMap(part -> part)
                .toList();
    }

    /** Returns the smallest customer id that is placed on the given shard. */
    long firstCustomer(int shard) {
        return customers(shard).findFirst().orElseThrow();
    }

    private LongStream customers(int shard) {
        return LongStream.rangeClosed(1, CUSTOMERS)
                .filter(id -> function.shardOf(KeyValue.ofLong(id)).getAsInt() == shard);
    }

    private void loadShard(int shard) {
        PostgresCluster servers = shards.shard(shard);
        servers.primary().createDatabase(Demo.DATABASE, Demo.USER, Demo.PASSWORD);
        servers.primary()
                .execute("create role " + PROBE_USER + " login password '" + PROBE_PASSWORD + "' in role pg_monitor");
        try (Connection connection = servers.primary().connect(Demo.DATABASE, Demo.USER, Demo.PASSWORD);
                Statement statement = connection.createStatement()) {
            statement.execute(SCHEMA);
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            copy.copyIn("copy countries from stdin", new StringReader(countries()));
            copy.copyIn("copy customers from stdin", new StringReader(customerRows(shard)));
            copy.copyIn("copy orders from stdin", new StringReader(orderRows(shard)));
            statement.execute("analyze");
        } catch (SQLException | IOException e) {
            throw new FixtureException("loading shard " + shard + " failed: " + e.getMessage(), e);
        }
        servers.awaitReplay();
    }

    private static String countries() {
        StringBuilder rows = new StringBuilder();
        for (String country : COUNTRIES) {
            rows.append(country.replaceFirst(" ", "\t")).append('\n');
        }
        return rows.toString();
    }

    private String customerRows(int shard) {
        StringBuilder rows = new StringBuilder();
        customers(shard).forEach(id -> {
            Random random = new Random(SEED + id);
            rows.append(id).append('\t');
            rows.append(oneOf(FIRST_NAMES, random)).append(' ').append(oneOf(LAST_NAMES, random));
            rows.append('\t').append(oneOf(COUNTRIES, random), 0, 2).append('\n');
        });
        return rows.toString();
    }

    private String orderRows(int shard) {
        StringBuilder rows = new StringBuilder();
        Instant first = Instant.parse("2026-01-01T00:00:00Z");
        Random random = new Random(SEED);
        for (long id = 1; id <= ORDERS; id++) {
            long customer = 1 + random.nextInt(CUSTOMERS);
            int cents = 100 + random.nextInt(100_000);
            Instant placed = first.plus(random.nextInt(300 * 24 * 60), ChronoUnit.MINUTES);
            if (function.shardOf(KeyValue.ofLong(customer)).getAsInt() == shard) {
                rows.append(id).append('\t').append(customer).append('\t');
                rows.append(cents / 100).append('.').append(String.format("%02d", cents % 100));
                rows.append('\t').append(placed).append('\n');
            }
        }
        return rows.toString();
    }

    private static String oneOf(List<String> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }
}
