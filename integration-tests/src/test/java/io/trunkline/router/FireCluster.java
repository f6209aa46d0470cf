// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trunkline.fixture.FreePort;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.fixture.RouterProcess;
import io.trunkline.fixture.ShardedCluster;
import io.trunkline.fixture.ZooKeeperFixture;
import io.trunkline.router.FireLedger.Row;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Database;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.HashSlots;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.KeyValue;
import io.trunkline.topology.Node;
import io.trunkline.topology.NodeRole;
import io.trunkline.topology.Shard;
import io.trunkline.topology.ShardedTable;
import io.trunkline.topology.Topology;
import io.trunkline.topology.zookeeper.ZooKeeperConnection;
import io.trunkline.topology.zookeeper.ZooKeeperSettings;
import io.trunkline.topology.zookeeper.ZooKeeperTopologyPublisher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/** Three shards behind {@link TrapProxy proxies}, a ZooKeeper, and two routers in processes of their own; each can be killed and comes back. */
final class FireCluster implements AutoCloseable {
    static final int SHARDS = 3;
    static final int ROUTERS = 2;
    static final long INITIAL_BALANCE = 1_000;

    private static final int ACCOUNTS = 120;
    private static final String CLUSTER = "fire";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final HashSlots SLOTS = HashSlots.evenly(HashSlots.SLOTS_DEFAULT, SHARDS);

    /** Who can be killed. */
    interface Victim {
        void kill();

        void restart();

        boolean isRunning();
    }

    private final ShardedCluster shards;
    private final ZooKeeperFixture zooKeeper;
    private final List<TrapProxy> proxies = new ArrayList<>();
    private final List<RunningRouter> routers = new ArrayList<>();
    private final List<List<Long>> accounts = new ArrayList<>();
    private volatile boolean zooKeeperRuns = true;

    private FireCluster(ShardedCluster shards, ZooKeeperFixture zooKeeper) {
        this.shards = shards;
        this.zooKeeper = zooKeeper;
        for (int shard = 0; shard < SHARDS; shard++) {
            accounts.add(new ArrayList<>());
        }
        for (long account = 1; account <= ACCOUNTS; account++) {
            accounts.get(SLOTS.shardOf(KeyValue.ofLong(account)).orElseThrow()).add(account);
        }
    }

    static FireCluster start() throws Exception {
        ShardedCluster shards = ShardedCluster.start(
                SHARDS,
                TestTopologies.trusting(PostgresOptions.newest().replicas(0))
                        .setting("max_prepared_transactions", "60")
                        // Ends what waits for a transaction that was left prepared, and circles over several shards.
                        .setting("lock_timeout", "3s"));
        FireCluster cluster = new FireCluster(shards, ZooKeeperFixture.start(shards.workspace()));
        try {
            cluster.fill();
            cluster.publish();
            for (int router = 0; router < ROUTERS; router++) {
                cluster.routers.add(cluster.new RunningRouter(router));
            }
            cluster.routers.forEach(RunningRouter::awaitAccepting);
            return cluster;
        } catch (Exception e) {
            cluster.close();
            throw e;
        }
    }

    private void fill() {
        for (int shard = 0; shard < SHARDS; shard++) {
            TestTopologies.prepare(shards.shard(shard));
            server(shard).executeIn(TestTopologies.DATABASE, FireStatements.TABLES);
            StringBuilder insert = new StringBuilder("insert into accounts (id, balance) values ");
            for (long account : accounts.get(shard)) {
                insert.append('(')
                        .append(account)
                        .append(", ")
                        .append(INITIAL_BALANCE)
                        .append("),");
            }
            insert.setLength(insert.length() - 1);
            server(shard).executeIn(TestTopologies.DATABASE, insert.toString());
            proxies.add(TrapProxy.to(server(shard).port()));
        }
    }

    private void publish() throws Exception {
        List<Shard> all = new ArrayList<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            PostgresServer server = server(shard);
            all.add(new Shard(
                    "s" + shard,
                    List.of(new Node(
                            server.name(),
                            server.host(),
                            proxies.get(shard).port(),
                            NodeRole.PRIMARY,
                            Node.WEIGHT_DEFAULT,
                            ""))));
        }
        Cluster cluster = new Cluster(
                CLUSTER,
                all,
                List.of(new Distribution("account", KeyType.INT8, SLOTS)),
                List.of(
                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "accounts", "id", "account"),
                        new ShardedTable(ShardedTable.SCHEMA_DEFAULT, "transfers", "account", "account")),
                List.of());
        try (ZooKeeperConnection connection =
                ZooKeeperConnection.open(ZooKeeperSettings.of(zooKeeper.connectString(), "/trunkline"))) {
            new ZooKeeperTopologyPublisher(connection)
                    .publish(
                            new Topology(
                                    1,
                                    List.of(cluster),
                                    List.of(new Database("app", CLUSTER, TestTopologies.DATABASE))),
                            OptionalLong.of(0));
        }
    }

    // what clients use

    WireClient connect(int router) {
        return WireClient.connect(routers.get(router).port, "app");
    }

    /** Returns one of a shard's accounts. */
    long account(int shard, int any) {
        List<Long> ofShard = accounts.get(shard);
        return ofShard.get(Math.floorMod(any, ofShard.size()));
    }

    // who is killed

    Victim router(int index) {
        return routers.get(index);
    }

    /** Returns a node: SIGKILL to the postmaster and all its children, and crash recovery. */
    Victim shard(int index) {
        PostgresServer server = server(index);
        return new Victim() {
            @Override
            public void kill() {
                server.kill();
            }

            @Override
            public void restart() {
                server.start();
            }

            @Override
            public boolean isRunning() {
                return server.isRunning();
            }

            @Override
            public String toString() {
                return "shard";
            }
        };
    }

    Victim zooKeeper() {
        return new Victim() {
            @Override
            public void kill() {
                zooKeeper.stop();
                zooKeeperRuns = false;
            }

            @Override
            public void restart() {
                zooKeeper.restart();
                zooKeeperRuns = true;
            }

            @Override
            public boolean isRunning() {
                return zooKeeperRuns;
            }

            @Override
            public String toString() {
                return "ZooKeeper";
            }
        };
    }

    /** Returns all of them; those that others need to start come first. */
    List<Victim> victims() {
        List<Victim> victims = new ArrayList<>();
        victims.add(zooKeeper());
        for (int shard = 0; shard < SHARDS; shard++) {
            victims.add(shard(shard));
        }
        victims.addAll(routers);
        return victims;
    }

    /** Restarts whoever was killed. */
    void restartAll() {
        victims().stream().filter(victim -> !victim.isRunning()).forEach(Victim::restart);
    }

    TrapProxy proxy(int shard) {
        return proxies.get(shard);
    }

    // what is there

    /** Returns how many transactions of routers stand prepared on a shard. */
    int prepared(int shard) {
        return Integer.parseInt(String.valueOf(
                server(shard).queryText("select count(*) from pg_prepared_xacts where gid like 'trunkline\\_%'")));
    }

    /** Returns the rows of transfers on all shards, each from the shard it belongs to. */
    List<Row> rows() throws SQLException {
        List<Row> rows = new ArrayList<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            try (Connection connection = server(shard).connect(TestTopologies.DATABASE);
                    Statement statement = connection.createStatement();
                    ResultSet found = statement.executeQuery("select account, transfer, amount from transfers")) {
                while (found.next()) {
                    Row row = new Row(found.getLong(1), found.getLong(2), found.getInt(3));
                    if (!accounts.get(shard).contains(row.account())) {
                        throw new AssertionError(row + " is on shard " + shard);
                    }
                    rows.add(row);
                }
            }
        }
        return rows;
    }

    Map<Long, Long> balances() throws SQLException {
        Map<Long, Long> balances = new TreeMap<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            try (Connection connection = server(shard).connect(TestTopologies.DATABASE);
                    Statement statement = connection.createStatement();
                    ResultSet found = statement.executeQuery("select id, balance from accounts")) {
                while (found.next()) {
                    balances.put(found.getLong(1), found.getLong(2));
                }
            }
        }
        return balances;
    }

    /** Returns how many decisions are kept. */
    int decisions() throws Exception {
        try (ZooKeeper client = new ZooKeeper(zooKeeper.connectString(), 10_000, event -> {})) {
            String path = "/trunkline/decisions/" + CLUSTER;
            return client.exists(path, false) == null
                    ? 0
                    : client.getChildren(path, false).size();
        }
    }

    /** Returns how many parts of transactions routers say they have ended for others. */
    long recovered() {
        long count = 0;
        for (RunningRouter router : routers) {
            for (Path log : router.logs) {
                count += lines(log, "ended a transaction that was left behind");
            }
        }
        return count;
    }

    private static long lines(Path log, String words) {
        try {
            return Files.readString(log, UTF_8)
                    .lines()
                    .filter(line -> line.contains(words))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PostgresServer server(int shard) {
        return shards.shard(shard).primary();
    }

    @Override
    public void close() {
        routers.forEach(RunningRouter::close);
        proxies.forEach(TrapProxy::close);
        zooKeeper.close();
        shards.close();
    }

    /** A router that has the same port in each of its lives. */
    private final class RunningRouter implements Victim, AutoCloseable {
        private final int index;
        private final int port = FreePort.next();
        private final List<Path> logs = new ArrayList<>();
        private @Nullable RouterProcess process;

        RunningRouter(int index) {
            this.index = index;
            start();
        }

        private void start() {
            RouterConfiguration configuration = RouterConfiguration.forTests();
            configuration.set("listen.port", Integer.toString(port));
            configuration.set("topology.source", "zookeeper");
            configuration.set("topology.connect", zooKeeper.connectString());
            configuration.set("defaults.pool_size", "20");
            configuration.set("defaults.lease_wait_timeout", "10s");
            configuration.set("defaults.failover_wait", "10s");
            configuration.set("transactions.recovery_interval", "200ms");
            configuration.set("transactions.recovery_after", "1s");
            configuration.set("transactions.decision_timeout", "2s");
            RouterProcess started = RouterProcess.start(
                    shards.workspace(), "router" + index + "-" + logs.size(), configuration.text(), List.of());
            process = started;
            logs.add(started.log());
        }

        void awaitAccepting() {
            if (process != null) {
                process.awaitAccepting(port, LIMIT);
            }
        }

        @Override
        public void kill() {
            if (process != null) {
                process.kill();
            }
        }

        @Override
        public void restart() {
            start();
            awaitAccepting();
        }

        @Override
        public boolean isRunning() {
            return process != null && process.isRunning();
        }

        @Override
        public String toString() {
            return "router";
        }

        @Override
        public void close() {
            if (process != null) {
                process.close();
            }
        }
    }
}
