// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import io.trunkline.fixture.PostgresServer;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.router.SpreadCluster;
import io.trunkline.topology.Cluster;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The rows of one schema: all of them in a database of the one server, and spread over databases of the same name on the shards.
 *
 * <p>What belongs where the servers say themselves, see {@link Spread}.
 */
final class OracleDatabase implements AutoCloseable {
    private static final int DIFFERENCES_SHOWN = 5;

    private final String name;
    private final OracleSchema schema;
    private final List<PostgresServer> shards;
    private final PostgresServer one;
    private final List<Connection> shardConnections = new ArrayList<>();
    private final Connection oneConnection;

    private OracleDatabase(String name, OracleSchema schema, List<PostgresServer> shards, PostgresServer one)
            throws SQLException {
        this.name = name;
        this.schema = schema;
        this.shards = shards;
        this.one = one;
        oneConnection = create(one);
        for (PostgresServer shard : shards) {
            shardConnections.add(create(shard));
        }
    }

    /** Makes the database anew on every server and fills it. */
    static OracleDatabase create(OracleServers servers, String name, OracleSchema schema) throws SQLException {
        OracleDatabase database = new OracleDatabase(name, schema, servers.shards(schema.shardCount()), servers.one());
        database.fill();
        return database;
    }

    String name() {
        return name;
    }

    OracleSchema schema() {
        return schema;
    }

    PostgresServer one() {
        return one;
    }

    List<PostgresServer> shards() {
        return shards;
    }

    private Connection create(PostgresServer server) throws SQLException {
        server.execute("drop database if exists " + name + " with (force)", "create database " + name);
        Connection connection = server.connect(name);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set lock_timeout = '20s'");
            statement.execute("create schema first");
            for (String ddl : schema.ddl()) {
                statement.execute(ddl);
            }
            for (Table table : schema.tables()) {
                statement.execute("create table first." + table.name() + " as table public." + table.name());
            }
            statement.execute("grant all on all tables in schema public to " + RouterUnderTest.TRUSTED_USER);
        }
        return connection;
    }

    private void fill() throws SQLException {
        for (Connection connection : all()) {
            int shard = shardConnections.indexOf(connection);
            try (Statement statement = connection.createStatement()) {
                statement.execute("set search_path = first");
                for (String rows : schema.rows()) {
                    statement.execute(rows);
                }
                statement.execute("reset search_path");
                for (Table table : schema.sharded()) {
                    Spread spread = table.spread();
                    if (shard >= 0 && spread != null) {
                        statement.execute("delete from first." + table.name() + " where not "
                                + spread.belongs(table.key().name(), shard));
                    }
                }
            }
        }
        reset();
    }

    private List<Connection> all() {
        List<Connection> all = new ArrayList<>(shardConnections);
        all.add(oneConnection);
        return all;
    }

    /** Brings back the first rows everywhere. */
    void reset() throws SQLException {
        String truncate =
                schema.tables().stream().map(Table::name).collect(Collectors.joining(", ", "truncate ", "; "));
        String fill = schema.tables().stream()
                .map(table -> "insert into " + table.name() + " table first." + table.name())
                .collect(Collectors.joining("; "));
        for (Connection connection : all()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(truncate + fill);
            }
        }
    }

    /** Returns where the shards' rows are not, taken together, those of the one server, or not where they belong. */
    List<String> differences() throws SQLException {
        List<String> differences = new ArrayList<>();
        List<String> right = rows(oneConnection, schema.tables(), "true");
        List<String> together = new ArrayList<>();
        List<String> reference = rows(oneConnection, List.of(schema.reference()), "true");
        for (int shard = 0; shard < shards.size(); shard++) {
            Connection connection = shardConnections.get(shard);
            for (Table table : schema.sharded()) {
                Spread spread = table.spread();
                if (spread != null) {
                    String belongs = spread.belongs("t." + table.key().name(), shard);
                    together.addAll(rows(connection, List.of(table), "true"));
                    for (String row : rows(connection, List.of(table), "not " + belongs)) {
                        differences.add("on shard s" + shard + ", where it does not belong: " + row);
                    }
                }
            }
            List<String> copy = rows(connection, List.of(schema.reference()), "true");
            addDifferences(differences, "reference table on shard s" + shard, reference, copy);
        }
        right.removeAll(reference);
        addDifferences(differences, "all shards", right, together);
        return differences;
    }

    private static void addDifferences(List<String> differences, String where, List<String> right, List<String> found) {
        List<String> missing = new ArrayList<>(right);
        found.forEach(missing::remove);
        List<String> more = new ArrayList<>(found);
        right.forEach(more::remove);
        missing.stream().limit(DIFFERENCES_SHOWN).forEach(row -> differences.add(where + " lack " + row));
        more.stream().limit(DIFFERENCES_SHOWN).forEach(row -> differences.add(where + " have too many " + row));
    }

    private static List<String> rows(Connection connection, List<Table> tables, String condition) throws SQLException {
        String query = tables.stream()
                .map(table ->
                        "select '%1$s ' || t::text from public.%1$s t where %2$s".formatted(table.name(), condition))
                .collect(Collectors.joining(" union all "));
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        Collections.sort(rows);
        return rows;
    }

    /** Returns the cluster of the shards as it is, named as the database. */
    Cluster cluster() {
        return new Cluster(
                name,
                SpreadCluster.shards(shards),
                schema.spreads().stream().map(Spread::distribution).toList(),
                schema.shardedTables(),
                schema.referenceTables());
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : all()) {
            connection.close();
        }
    }
}
