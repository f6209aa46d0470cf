// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.PathHome;
import io.trunkline.sql.Presumed;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TableDirectory;
import org.jspecify.annotations.Nullable;

/** What schemas that are whole on one shard mean for a statement, beside its keys. */
final class SchemaDecision {
    private final RoutingTable table;
    private final CatalogSnapshot catalog;

    SchemaDecision(RoutingTable table, CatalogSnapshot catalog) {
        this.table = table;
        this.catalog = catalog;
    }

    /** Returns why a statement may mean other tables than its search path seems to lead to, or null. */
    Target.@Nullable Refused problem(ShardingShape shape) {
        Presumed presumed = shape.presumed();
        if (presumed.ownPath() && !catalog.hasOwnSearchPath()) {
            return unclear("the search path may come from ALTER ROLE, ALTER DATABASE or the server's configuration");
        }
        for (String name : presumed.absent()) {
            if (catalog.mayNameSpreadRelation(name)) {
                return unclear("\"" + name + "\" is, or may be, a relation of another schema, too");
            }
        }
        return null;
    }

    /** Returns where a statement without tables of a schema runs because of the schemas of its session or of its functions; null when they say nothing. */
    @Nullable
    Target target(StatementShape statement, ShardingShape shape, Reason reason) {
        PathHome home = shape.home();
        int ofFunctions = TableDirectory.NO_SHARD;
        boolean othersRead = false;
        boolean elsewhere = false;
        for (String function : statement.functions()) {
            int shard = shardOf(function);
            if (shard == TableDirectory.NO_SHARD) {
                boolean other = !isForAnyShard(function);
                othersRead |= other;
                // Written with its schema, it is not found by the search path.
                elsewhere |= other && function.indexOf('.') > 0 && !function.startsWith("pg_catalog.");
            } else if (ofFunctions != TableDirectory.NO_SHARD && ofFunctions != shard) {
                return ShardDecision.refusal(RefusalCode.SCHEMA_ON_OTHER_SHARD.because("functions are of schemas on "
                        + table.shardName(ofFunctions) + " and " + table.shardName(shard)));
            } else {
                ofFunctions = shard;
            }
        }
        if (ofFunctions != TableDirectory.NO_SHARD) {
            return othersRead ? null : ShardDecision.place(ofFunctions, Reason.SCHEMA);
        }
        if (home == null || elsewhere || isForWholeCluster(statement)) {
            return null;
        }
        if (othersRead && !home.exclusive()) {
            return usesSequences(statement)
                    ? unclear("the sequence may be of a schema of one shard, or of another one")
                    : null;
        }
        boolean needsNone = reason == Reason.REFERENCE && statement.functions().isEmpty();
        return needsNone ? null : ShardDecision.place(home.shard(), Reason.SCHEMA);
    }

    /** Returns true when sequences that a statement uses are those of the schemas it is about. */
    static boolean keepsSequences(StatementShape statement, ShardingShape shape, int shard) {
        PathHome home = shape.home();
        return home != null && home.exclusive() && home.shard() == shard && !isForWholeCluster(statement);
    }

    private static boolean usesSequences(StatementShape statement) {
        return statement.functions().stream().anyMatch(ShardBoundFunctions::usesSequences);
    }

    /** Locks, large objects and notifications are everybody's, whatever the schema. */
    private static boolean isForWholeCluster(StatementShape statement) {
        return statement.functions().stream()
                .anyMatch(function -> ShardBoundFunctions.belongOnHomeShard(function)
                        && !ShardBoundFunctions.usesSequences(function));
    }

    private boolean isForAnyShard(String function) {
        return catalog.nature(function).ignoresTables()
                && !ShardBoundFunctions.readsTables(function)
                && !ShardBoundFunctions.usesSequences(function);
    }

    private int shardOf(String function) {
        int dot = function.lastIndexOf('.');
        return dot < 0 ? TableDirectory.NO_SHARD : table.shardOfSchema(function.substring(0, dot));
    }

    private static Target.Refused unclear(String why) {
        return ShardDecision.refusal(RefusalCode.SCHEMA_UNCLEAR.because(why));
    }
}
