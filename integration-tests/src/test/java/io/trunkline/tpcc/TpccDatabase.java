// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import io.trunkline.fixture.PostgresServer;
import io.trunkline.router.RouterUnderTest;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyValue;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One database of the application: the address its terminals are given, and the servers where its rows are found in truth. */
final class TpccDatabase implements AutoCloseable {
    private static final Map<String, String> DRIVER = Map.of("socketTimeout", "300");

    private final String name;
    private final List<PostgresServer> servers;
    private final @Nullable RouterUnderTest router;
    private final @Nullable HashSlots slots;

    /**
     * Takes over the router.
     *
     * @param router null: there is one server, and terminals connect to it
     * @param slots null where there is no router
     */
    TpccDatabase(
            String name, List<PostgresServer> servers, @Nullable RouterUnderTest router, @Nullable HashSlots slots) {
        this.name = name;
        this.servers = servers;
        this.router = router;
        this.slots = slots;
    }

    /** Opens a connection as an application does. */
    Connection connect() throws SQLException {
        return router == null ? RouterUnderTest.connect(servers.get(0), name, DRIVER) : router.connect(name, DRIVER);
    }

    private List<Connection> connectToServers() throws SQLException {
        List<Connection> connections = new ArrayList<>();
        for (PostgresServer server : servers) {
            connections.add(server.connect(name));
        }
        return connections;
    }

    /** Makes the tables and loads them, as an application does. */
    void load(long seed, Cardinalities cardinalities, LocalDateTime now) throws SQLException, InterruptedException {
        try (Connection connection = connect()) {
            try (Statement statement = connection.createStatement()) {
                for (String sql : TpccSchema.ddl()) {
                    statement.execute(sql);
                }
            }
            awaitKnown();
            TpccLoader loader = new TpccLoader(new RowWriter(connection), seed, cardinalities, now);
            loader.loadItems();
            connection.setAutoCommit(false);
            for (int warehouse = 1; warehouse <= cardinalities.warehouses(); warehouse++) {
                loader.loadWarehouse(warehouse);
            }
        }
    }

    /** Waits until the router has read the catalogue: before that it refuses what might use rows of other shards. */
    private void awaitKnown() throws SQLException, InterruptedException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            while (true) {
                try {
                    statement.execute("select count(*) from warehouse");
                    return;
                } catch (SQLException notYet) {
                    Thread.sleep(100);
                }
            }
        }
    }

    /** Returns what violates the conditions of consistency, asked as the application asks. */
    List<String> violations(Cardinalities cardinalities) throws SQLException {
        try (Connection connection = connect()) {
            return new Consistency(List.of(connection), cardinalities).violations();
        }
    }

    /** Returns the same, asked of each server. */
    List<String> violationsOnServers(Cardinalities cardinalities) throws SQLException {
        List<Connection> connections = connectToServers();
        try {
            return new Consistency(connections, cardinalities).violations();
        } finally {
            closeAll(connections);
        }
    }

    /** Returns the rows of all tables as texts, sorted; those of the items from each server. */
    Map<String, List<String>> rows() throws SQLException {
        Map<String, List<String>> rows = new TreeMap<>();
        for (int shard = 0; shard < servers.size(); shard++) {
            try (Connection connection = servers.get(shard).connect(name)) {
                for (TpccSchema.Table table : TpccSchema.OF_WAREHOUSES) {
                    rows.computeIfAbsent(table.name(), key -> new ArrayList<>())
                            .addAll(texts(connection, "select t::text from " + table.name() + " t"));
                }
                rows.put("item on server " + shard, texts(connection, "select t::text from item t"));
            }
        }
        rows.values().forEach(list -> list.sort(null));
        return rows;
    }

    /** Returns the tables and warehouses of rows that are on another shard than their warehouse. */
    List<String> misplaced() throws SQLException {
        List<String> misplaced = new ArrayList<>();
        for (int shard = 0; shard < servers.size(); shard++) {
            try (Connection connection = servers.get(shard).connect(name)) {
                for (TpccSchema.Table table : TpccSchema.OF_WAREHOUSES) {
                    for (String warehouse :
                            texts(connection, "select distinct " + table.warehouse() + " from " + table.name())) {
                        if (shardOf(Integer.parseInt(warehouse)) != shard) {
                            misplaced.add(table.name() + " of warehouse " + warehouse + " on shard " + shard);
                        }
                    }
                }
            }
        }
        return misplaced;
    }

    /** Returns how many orders have lines that another shard supplied. */
    int ordersOverShards() throws SQLException {
        return countOverShards(
                "select ol_w_id, ol_supply_w_id, (ol_w_id, ol_d_id, ol_o_id)::text from order_line where ol_w_id <> ol_supply_w_id");
    }

    /** Returns how many payments were of customers of another shard. */
    int paymentsOverShards() throws SQLException {
        // No payment has a number: its place tells it from others.
        return countOverShards(
                "select h_w_id, h_c_w_id, h_w_id || ' ' || ctid::text from history where h_w_id <> h_c_w_id");
    }

    /** Counts the different third columns among the rows whose two warehouses are on different shards. */
    private int countOverShards(String sql) throws SQLException {
        List<String> crossing = new ArrayList<>();
        for (PostgresServer server : servers) {
            try (Connection connection = server.connect(name);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    if (shardOf(rows.getInt(1)) != shardOf(rows.getInt(2))) {
                        crossing.add(rows.getString(3));
                    }
                }
            }
        }
        return (int) crossing.stream().distinct().count();
    }

    private int shardOf(int warehouse) {
        return slots == null ? 0 : slots.shardOf(KeyValue.ofLong(warehouse)).orElseThrow();
    }

    /** Returns how many transactions have been committed in two phases so far. */
    int twoPhaseCommits() {
        return router == null ? 0 : (int) router.counted("trunkline_shard_commits_total{outcome=\"committed\"}");
    }

    /** Returns the router's counts of refusals and other errors. */
    List<String> troubles() {
        return router == null ? List.of() : router.troubles();
    }

    private static List<String> texts(Connection connection, String sql) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
        }
        return texts;
    }

    private static void closeAll(List<Connection> connections) throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
    }

    @Override
    public void close() {
        if (router != null) {
            router.close();
        }
    }
}
