// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.error.RouterErrors;
import io.trunkline.sql.Access;
import io.trunkline.sql.CopyShape;
import io.trunkline.sql.KeyCondition;
import io.trunkline.sql.KnownFunctions;
import io.trunkline.sql.Refusal;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.SpreadWrite;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.SqlState;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * On which shard of a cluster with several a statement may run, or why on none. The role of the targets returned here says nothing yet.
 *
 * <p>A statement runs when one shard is proven to give what a single server would give: each of its conditions leads to the same one shard, or no
 * shard makes a difference. A shard that the client names stands in for the proof, but never against it: a key that is known to live elsewhere
 * refuses the statement.
 */
final class ShardDecision {
    /** Where locks, notifications and sequences of the whole cluster live: the first shard. */
    static final int HOME_SHARD = 0;

    /** What a client may not do to one shard by naming a key, because the statement is about more than the rows of that key. */
    private static final Set<RefusalCode> NOT_BY_KEY = Set.of(
            RefusalCode.ALL_SHARDS,
            RefusalCode.SEVERAL_SHARDS,
            RefusalCode.REFERENCE_WRITE_WITH_SHARDED,
            RefusalCode.KEY_UPDATE);

    private final RoutingTable table;
    private final CatalogSnapshot catalog;

    ShardDecision(RoutingTable table, CatalogSnapshot catalog) {
        this.table = table;
        this.catalog = catalog;
    }

    /** Returns true when the tree of the statement is needed to decide. */
    static boolean needsTree(StatementShape statement) {
        return statement.access() != Access.NEUTRAL
                && switch (statement.kind()) {
                    case LISTEN, NOTIFY, EXECUTE, PREPARE_TRANSACTION, LOAD -> false;
                    default -> true;
                };
    }

    Target decide(StatementShape statement, @Nullable ShardingShape shape, KeySource keys, SessionRouting session) {
        if (!needsTree(statement)) {
            return withoutTree(statement);
        }
        List<KeyCondition> conditions = shape == null ? List.of() : shape.conditions();
        Asked asked = Asked.of(table, statement.hint(), session, conditions);
        if (asked instanceof Asked.Impossible impossible && !isForOtherStatements(impossible, shape)) {
            return impossible.refusal();
        }
        Asked.@Nullable Shard named = asked instanceof Asked.Shard shard ? shard : null;
        if (shape == null) {
            return named != null ? place(named) : RouteRefusal.UNREADABLE.because("the reader gave no answer");
        }
        return switch (shape.reach()) {
            case NO_TABLE -> anywhere(statement, named, Reason.NO_TABLE);
            case CATALOG -> anywhere(statement, named, Reason.CATALOG);
            case REFERENCE_READ -> anywhere(statement, named, Reason.REFERENCE);
            case REFERENCE_WRITE ->
                named != null && !named.byKey()
                        ? place(named)
                        : RouteRefusal.REFERENCE_WRITE.because("reference tables are whole on every shard");
            case KEYED -> keyed(statement, shape, keys, named);
            case COPIED -> copied(shape, named);
            case REFUSED -> refused(shape, named);
        };
    }

    /** A setting whose key could mean several shards waits for a statement that tells which, and does not stop those that need none. */
    private static boolean isForOtherStatements(Asked.Impossible impossible, @Nullable ShardingShape shape) {
        return impossible.reason() == Reason.SETTING
                && impossible.refusal().code().equals(RouteRefusal.SHARD_KEY_UNUSABLE.code())
                && shape != null
                && switch (shape.reach()) {
                    case NO_TABLE, CATALOG, REFERENCE_READ -> true;
                    case REFERENCE_WRITE, KEYED, COPIED, REFUSED -> false;
                };
    }

    private Target withoutTree(StatementShape statement) {
        // Settings wait for the statement that has a shard; a comment means this one.
        Asked asked = Asked.ofHint(table, statement.hint(), List.of());
        if (asked instanceof Asked.Impossible impossible) {
            return impossible.refusal();
        }
        if (asked instanceof Asked.Shard named) {
            return place(named);
        }
        return statement.kind() == StatementKind.LISTEN || statement.kind() == StatementKind.NOTIFY
                ? place(HOME_SHARD, Reason.HOME_SHARD)
                : place(Target.ANY_SHARD, Reason.SESSION);
    }

    private Target anywhere(StatementShape statement, Asked.@Nullable Shard named, Reason reason) {
        if (named != null) {
            return place(named);
        }
        for (String function : statement.functions()) {
            if (!catalog.nature(function).ignoresTables() || ShardBoundFunctions.readsTables(function)) {
                return RouteRefusal.FUNCTION_WITHOUT_SHARD.because("the function is " + function);
            }
        }
        // What may lock rows of a reference table, or nobody could look into, goes to one shard for everybody: all of
        // it
        // meets there.
        boolean meets =
                statement.access() == Access.WRITE && (statement.functions().isEmpty() || reason == Reason.REFERENCE);
        return meets || bindsToHome(statement) ? place(HOME_SHARD, Reason.HOME_SHARD) : place(Target.ANY_SHARD, reason);
    }

    private Target keyed(StatementShape statement, ShardingShape shape, KeySource keys, Asked.@Nullable Shard named) {
        KeyUse use = shape.storesKeys() ? KeyUse.STORED : KeyUse.COMPARED;
        KeyEvaluation evaluation = new KeyEvaluation(table, keys, use);
        // Over the conditions that some row can meet: where all of them can be met, and where any of them can.
        ShardSet common = table.all();
        ShardSet union = table.none();
        for (KeyCondition condition : shape.conditions()) {
            ShardSet shards = evaluation.shardsOf(condition);
            if (!shards.isEmpty()) {
                common = common.and(shards);
                union = union.or(shards);
            }
        }
        if (evaluation.nullStored()) {
            return RouteRefusal.KEY_NULL.because("a row without a key has no shard");
        }
        if (evaluation.homelessStored()) {
            return RouteRefusal.KEY_WITHOUT_SHARD.because(
                    "topology revision " + table.revision() + " gives the key to no shard");
        }
        // The union is one shard exactly when every condition leads to that one.
        if (union.size() > 1 && evaluation.needsParameterTypes()) {
            return Target.NeedsParameterTypes.INSTANCE;
        }
        if (named != null) {
            return keyedAndNamed(named, common, union, evaluation, use);
        }
        if (union.isEmpty()) {
            return place(Target.ANY_SHARD, Reason.NO_MATCH);
        }
        if (union.size() > 1) {
            return severalShards(statement, shape, union, evaluation);
        }
        int shard = union.first();
        if (bindsToHome(statement) && shard != HOME_SHARD) {
            return RouteRefusal.NOT_ON_HOME_SHARD.because("the key belongs to shard " + table.shardName(shard));
        }
        return place(shard, Reason.KEY);
    }

    private Target copied(ShardingShape shape, Asked.@Nullable Shard named) {
        CopyShape copy = shape.copy();
        if (copy == null) {
            return RouteRefusal.UNREADABLE.because("the reader does not say what is copied");
        }
        if (named == null) {
            return new Target.Scatter(
                    table.all(), place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS), new Target.Work.CopyIn(copy));
        }
        return copy instanceof CopyShape.IntoReference && named.byKey()
                ? RouteRefusal.REFERENCE_WRITE.because("reference tables are whole on every shard")
                : place(named);
    }

    private Target keyedAndNamed(
            Asked.Shard named, ShardSet common, ShardSet union, KeyEvaluation evaluation, KeyUse use) {
        ShardSet asked = table.single(named.shard());
        boolean storesElsewhere = use == KeyUse.STORED && !evaluation.certain().isSubsetOf(asked);
        boolean isElsewhere = !asked.isSubsetOf(common);
        // A key instead of a shard's name must account for the whole statement: all that is known must lead there.
        boolean isPartial = named.byKey() && !union.isAll() && !union.isSubsetOf(asked);
        return storesElsewhere || isElsewhere || isPartial
                ? RouteRefusal.KEY_CONFLICT.because("asked for is shard " + table.shardName(named.shard())
                        + ", the statement's own key leads to "
                        + table.namesOf(storesElsewhere ? evaluation.certain() : union))
                : place(named);
    }

    private Target severalShards(
            StatementShape statement, ShardingShape shape, ShardSet union, KeyEvaluation evaluation) {
        ScatterShape scatter = shape.scatter();
        if (scatter != null) {
            return scattered(statement, union, new Target.Work.Read(scatter, catalog.textOrder(statement.names())));
        }
        if (shape.copy() != null) {
            return scattered(statement, union, new Target.Work.CopyOut());
        }
        SpreadWrite spread = shape.spread();
        if (spread != null && evaluation.problem() == null) {
            return spread(statement, spread, union, evaluation);
        }
        Refusal notScattered = shape.scatterRefusal();
        if (notScattered != null && !(isWrite(statement.kind()) && evaluation.problem() != null)) {
            return refusal(notScattered);
        }
        KeyReading.Unreadable problem = evaluation.problem();
        if (problem != null) {
            return RouteRefusal.KEY_UNREADABLE.because(problem.sqlState(), problem.problem());
        }
        return evaluation.certain().isEmpty()
                ? refusal(RefusalCode.NO_KEY.because("no condition compares the key with a value"))
                : RouteRefusal.KEYS_ON_SEVERAL_SHARDS.because("the shards are " + table.namesOf(union));
    }

    private static boolean isWrite(StatementKind kind) {
        return kind == StatementKind.INSERT || kind == StatementKind.UPDATE || kind == StatementKind.DELETE;
    }

    /** A key that cannot be read leaves more shards than need be, and none too few. */
    private Target scattered(StatementShape statement, ShardSet shards, Target.Work work) {
        for (String function : statement.functions()) {
            if (!catalog.nature(function).ignoresTables()
                    || ShardBoundFunctions.readsTables(function)
                    || ShardBoundFunctions.belongOnHomeShard(function)) {
                return RouteRefusal.SCATTER_UNPROVEN.because("the function is " + function);
            }
        }
        Reason verdict = ReadOnlyCheck.verdict(statement, catalog);
        return verdict == Reason.READ
                ? new Target.Scatter(shards, place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS), work)
                : RouteRefusal.SCATTER_UNPROVEN.because("what is said of it is: " + verdict.phrase());
    }

    private Target spread(StatementShape statement, SpreadWrite write, ShardSet shards, KeyEvaluation evaluation) {
        for (String function : write.functions()) {
            boolean harmless = catalog.nature(function) == FunctionNature.PURE || KnownFunctions.isHarmless(function);
            if (!harmless
                    || ShardBoundFunctions.readsTables(function)
                    || ShardBoundFunctions.belongOnHomeShard(function)) {
                return RouteRefusal.SCATTER_UNPROVEN.because("the function is " + function);
            }
        }
        if (!ReadOnlyCheck.namesOnlyTables(statement, catalog)) {
            return RouteRefusal.SCATTER_UNPROVEN.because("it names a view or calls functions unseen");
        }
        Target.At at = place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS);
        if (!(write instanceof SpreadWrite.Rows rows)) {
            return new Target.Scatter(shards, at, new Target.Work.Write(write, new int[0]));
        }
        int[] rowShards = new int[rows.rows().size()];
        for (int i = 0; i < rowShards.length; i++) {
            ShardSet ofRow = evaluation.shardsOf(rows.rows().get(i).key());
            if (ofRow.size() != 1) {
                return RouteRefusal.KEYS_ON_SEVERAL_SHARDS.because("row " + (i + 1) + " has no single shard");
            }
            rowShards[i] = ofRow.first();
        }
        return new Target.Scatter(shards, at, new Target.Work.Write(write, rowShards));
    }

    private Target refused(ShardingShape shape, Asked.@Nullable Shard named) {
        Refusal refusal = shape.refusal();
        if (refusal == null) {
            return RouteRefusal.UNREADABLE.because("the reader gave no reason");
        }
        boolean nameHelps = refusal.code() != RefusalCode.KEY_UPDATE
                && (named == null || !named.byKey() || !NOT_BY_KEY.contains(refusal.code()));
        if (named != null && nameHelps) {
            return place(named);
        }
        return refusal(refusal);
    }

    private static Target refusal(Refusal refusal) {
        return new Target.Refused(
                refusal.code().code(),
                RouterErrors.refused(
                        SqlState.FEATURE_NOT_SUPPORTED, refusal.message(), refusal.detail(), refusal.hint()));
    }

    private static boolean bindsToHome(StatementShape statement) {
        return statement.effects().contains(SessionEffect.ADVISORY_LOCK)
                || statement.functions().stream().anyMatch(ShardBoundFunctions::belongOnHomeShard);
    }

    private static Target.At place(Asked.Shard named) {
        return place(named.shard(), named.reason());
    }

    private static Target.At place(int shard, Reason reason) {
        return new Target.At(shard, RoleNeed.ANY, reason, Reason.SESSION);
    }
}
