// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.error.RouterErrors;
import io.trunkline.sql.QueryShape;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementReader;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TableDirectory;
import io.trunkline.topology.Database;
import io.trunkline.topology.KeyType;
import io.trunkline.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers where a query text would go, from a topology alone: no router, no node. It decides with the same code as a router; what it cannot know are
 * the database's own functions and views, so it takes every relation for a table and every unknown function for a volatile one. Of a dry run it explains
 * what is planned.
 */
public final class OfflineExplainer {

    /**
     * One parameter of the statement.
     *
     * @param value its text, or null for NULL
     * @param type the OID of its type, 0 when it is left to the server
     */
    public record Parameter(@Nullable String value, int type) {

        /** Reads {@code 42}, {@code 42::int8} or {@code {1,2}::int8[]}; the name behind the last {@code ::} counts when a shard key can have that type. */
        public static Parameter parse(String text) {
            int colons = text.lastIndexOf("::");
            if (colons < 0) {
                return new Parameter(text, 0);
            }
            String name = text.substring(colons + 2);
            String element = ParameterTypes.elementName(name);
            KeyType type = ParameterTypes.ofName(element == null ? name : element);
            if (type == null) {
                return new Parameter(text, 0);
            }
            return new Parameter(
                    text.substring(0, colons), element == null ? type.oid() : ParameterTypes.arrayOf(type.oid()));
        }
    }

    /**
     * The session the statement is imagined in.
     *
     * @param policy the pool's read policy
     * @param searchPath its schemas, {@code $user} replaced
     */
    public record Circumstances(ReadPolicy policy, List<String> searchPath) {
        /** A fresh session whose reads prefer replicas and whose tables are in {@code public}. */
        public static final Circumstances DEFAULT = new Circumstances(ReadPolicy.PREFER_REPLICA, List.of("public"));

        /** Copies the list. */
        public Circumstances {
            searchPath = List.copyOf(searchPath);
        }
    }

    private OfflineExplainer() {}

    /**
     * Returns where a query text would go, all its statements together.
     *
     * @param database the database as clients call it
     * @param parameters the values of {@code $1} and so on
     */
    public static RouteExplanation explain(
            Topology topology, String database, String sql, List<Parameter> parameters, Circumstances circumstances) {
        Optional<Database> found = topology.database(database);
        if (found.isEmpty()) {
            return RouteExplanation.refused(
                    RouterErrors.unknownDatabase(database).response());
        }
        RoutingTable plan = RoutingTable.ofPlan(topology, found.get().cluster());
        RoutingTable table =
                plan == null ? RoutingTable.of(topology, found.get().cluster()) : plan;
        StatementRouter router = new StatementRouter(table, CatalogSnapshot.ofPlainTables());
        return RouteExplanation.of(table, target(router, sql, parameters, circumstances));
    }

    private static Target target(
            StatementRouter router, String sql, List<Parameter> parameters, Circumstances circumstances) {
        ByteBuf text = Unpooled.wrappedBuffer(sql.getBytes(StandardCharsets.UTF_8));
        SqlScan scan = new SqlScan();
        scan.scan(text, 0, text.writerIndex(), true);
        QueryShape shape = new StatementReader().read(scan, text);
        SessionRouting session = SessionRouting.fresh(circumstances.policy());
        if (!shape.trusted()) {
            return router.untrusted(session);
        }
        TableDirectory tables = router.table().forSearchPath(circumstances.searchPath());
        List<Target> targets = new ArrayList<>();
        for (int i = 0; i < shape.statements().size(); i++) {
            StatementShape statement = shape.statements().get(i);
            int start = scan.statementStart(i);
            ShardingShape sharding = router.needsShardingShape(statement)
                    ? new ShardingShapeReader()
                            .read(
                                    text.toString(start, scan.statementEnd(i) - start, StandardCharsets.UTF_8),
                                    true,
                                    tables)
                    : null;
            OfflineKeys keys = new OfflineKeys(parameters, scan, text, scan.firstLiteral(i));
            targets.add(router.target(statement, sharding, keys, session));
        }
        return targets.isEmpty()
                ? new Target.At(Target.ANY_SHARD, RoleNeed.ANY, Reason.SESSION, Reason.SESSION)
                : Targets.combine(router.table(), targets);
    }
}
