// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.error.RouterErrors;
import io.trunkline.sql.Access;
import io.trunkline.sql.CopyShape;
import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.EveryShardCommand;
import io.trunkline.sql.KeyCondition;
import io.trunkline.sql.KnownFunctions;
import io.trunkline.sql.Mentions;
import io.trunkline.sql.Refusal;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.ScatterShape;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.SpreadWrite;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.topology.Distribution;
import io.trunkline.topology.KeyType;
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
    private final SchemaDecision schemas;

    ShardDecision(RoutingTable table, CatalogSnapshot catalog) {
        this.table = table;
        this.catalog = catalog;
        this.schemas = new SchemaDecision(table, catalog);
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
        Target.@Nullable Refused unclear = named == null ? schemas.problem(shape) : null;
        if (unclear != null) {
            return unclear;
        }
        return switch (shape.reach()) {
            case NO_TABLE -> anywhere(statement, shape, named, Reason.NO_TABLE);
            case CATALOG -> anywhere(statement, shape, named, Reason.CATALOG);
            case REFERENCE_READ -> anywhere(statement, shape, named, Reason.REFERENCE);
            case REFERENCE_WRITE ->
                named == null
                        ? copies(shape)
                        : named.byKey()
                                ? RouteRefusal.REFERENCE_WRITE.because("reference tables are whole on every shard")
                                : place(named);
            case EVERY_SHARD -> command(shape, named, session);
            case KEYED -> keyed(statement, shape, keys, named);
            case COPIED -> copied(statement, shape, named);
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
                    case REFERENCE_WRITE, EVERY_SHARD, KEYED, COPIED, REFUSED -> false;
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

    private Target anywhere(StatementShape statement, ShardingShape shape, Asked.@Nullable Shard named, Reason reason) {
        if (named != null) {
            return place(named);
        }
        Target inSchema = schemas.target(statement, shape, reason);
        if (inSchema != null) {
            return inSchema;
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
        if (union.size() > 1) {
            return severalShards(statement, shape, union, evaluation);
        }
        Target hidden = hidden(statement, shape.mentions());
        if (hidden != null) {
            return hidden;
        }
        if (union.isEmpty()) {
            // No row of the tables, and yet it may have a row, such as that of count(*), and call functions.
            return place(bindsToHome(statement) ? HOME_SHARD : Target.ANY_SHARD, Reason.NO_MATCH);
        }
        int shard = union.first();
        if (bindsToHome(statement) && shard != HOME_SHARD && !SchemaDecision.keepsSequences(statement, shape, shard)) {
            return RouteRefusal.NOT_ON_HOME_SHARD.because("the key belongs to shard " + table.shardName(shard));
        }
        return place(shard, isByKey(shape) ? Reason.KEY : Reason.SCHEMA);
    }

    private static boolean isByKey(ShardingShape shape) {
        for (KeyCondition condition : shape.conditions()) {
            if (condition instanceof KeyCondition.OnShard) {
                return false;
            }
        }
        return true;
    }

    /** Returns the refusal of a statement that uses tables it does not name, of which its shards have a part only; or null. */
    private @Nullable Target hidden(StatementShape statement, Mentions mentions) {
        if (table.cluster().shardedTables().isEmpty()) {
            // Schemas are whole on their shards, and reference tables everywhere: no table has a part only.
            return null;
        }
        TableUses uses = catalog.tableUses();
        String function = uses.function(mentions.functions());
        if (function == null) {
            function = uses.attribute(mentions.names());
        }
        if (function != null) {
            return RouteRefusal.FUNCTION_USES_TABLES.because("the function is " + function);
        }
        if (!catalog.isLoaded()) {
            for (String called : mentions.functions()) {
                if (catalog.nature(called) == FunctionNature.UNKNOWN) {
                    return RouteRefusal.FUNCTION_USES_TABLES.because(
                            "the catalogue has not been read yet, and the function is " + called);
                }
            }
        }
        String operator = uses.operator(mentions.operators());
        if (operator != null) {
            return RouteRefusal.FUNCTION_USES_TABLES.because("it is called by operator " + operator);
        }
        String table = uses.hidden(mentions.names(), statement.access() != Access.READ);
        return table == null ? null : RouteRefusal.TABLE_USES_TABLES.because(table);
    }

    private Target copied(StatementShape statement, ShardingShape shape, Asked.@Nullable Shard named) {
        CopyShape copy = shape.copy();
        if (copy == null) {
            return RouteRefusal.UNREADABLE.because("the reader does not say what is copied");
        }
        if (named != null) {
            return copy instanceof CopyShape.IntoReference && named.byKey()
                    ? RouteRefusal.REFERENCE_WRITE.because("reference tables are whole on every shard")
                    : place(named);
        }
        // Of a reference table each shard tells by itself whether it has more to it.
        Target hidden = hidden(statement, shape.mentions());
        return hidden != null
                ? hidden
                : new Target.Scatter(
                        table.all(), place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS), new Target.Work.CopyIn(copy));
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
        Target hidden = hidden(statement, shape.mentions());
        if (hidden != null) {
            return hidden;
        }
        ScatterShape scatter = shape.scatter();
        if (scatter != null) {
            Target.Work.Read read = new Target.Work.Read(scatter, catalog.textOrder(statement.names()));
            return switch (statement.kind()) {
                case EXPLAIN, DECLARE_CURSOR ->
                    scatter.locksRows()
                            ? refusal(RefusalCode.NOT_A_PLAIN_QUERY.because("the query inside it locks rows"))
                            : scattered(
                                    statement,
                                    shape.mentions(),
                                    union,
                                    statement.kind() == StatementKind.EXPLAIN
                                            ? new Target.Work.Explain(read)
                                            : new Target.Work.Declare(read));
                default -> scattered(statement, shape.mentions(), union, read);
            };
        }
        if (shape.copy() != null) {
            return scattered(statement, shape.mentions(), union, new Target.Work.CopyOut());
        }
        SpreadWrite spread = shape.spread();
        if (spread != null && evaluation.problem() == null) {
            return spread(shape, spread, union, evaluation);
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
    private Target scattered(StatementShape statement, Mentions mentions, ShardSet shards, Target.Work work) {
        for (String function : statement.functions()) {
            if (!catalog.nature(function).ignoresTables()
                    || ShardBoundFunctions.readsTables(function)
                    || ShardBoundFunctions.belongOnHomeShard(function)) {
                return RouteRefusal.SCATTER_UNPROVEN.because("the function is " + function);
            }
        }
        boolean locksRows =
                work instanceof Target.Work.Read read && read.shape().locksRows();
        if (locksRows && !isReadBesideLocks(statement, mentions)) {
            return RouteRefusal.SCATTER_UNPROVEN.because("it locks rows and may do more");
        }
        Reason verdict = locksRows ? Reason.READ : ReadOnlyCheck.verdict(statement, catalog);
        return verdict == Reason.READ
                ? new Target.Scatter(shards, place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS), work)
                : RouteRefusal.SCATTER_UNPROVEN.because("what is said of it is: " + verdict.phrase());
    }

    private boolean isReadBesideLocks(StatementShape statement, Mentions mentions) {
        boolean pure =
                statement.functions().stream().allMatch(function -> catalog.nature(function) == FunctionNature.PURE);
        return pure && ReadOnlyCheck.hidesNothing(mentions, catalog);
    }

    private Target spread(ShardingShape shape, SpreadWrite write, ShardSet shards, KeyEvaluation evaluation) {
        for (String function : write.functions()) {
            boolean harmless = catalog.nature(function) == FunctionNature.PURE || KnownFunctions.isHarmless(function);
            if (!harmless
                    || ShardBoundFunctions.readsTables(function)
                    || ShardBoundFunctions.belongOnHomeShard(function)) {
                return RouteRefusal.SCATTER_UNPROVEN.because("the function is " + function);
            }
        }
        if (!ReadOnlyCheck.hidesNothing(shape.mentions(), catalog)) {
            return RouteRefusal.SCATTER_UNPROVEN.because("it names a view or calls functions unseen");
        }
        Target.At at = place(Target.ANY_SHARD, Reason.SEVERAL_SHARDS);
        if (!(write instanceof SpreadWrite.Rows rows)) {
            if (shape.storesKeys() && shape.conditions().stream().anyMatch(this::isOfVarchar)) {
                return RouteRefusal.KEY_UNREADABLE.because(
                        "a varchar column may cut off blanks from the keys of another one");
            }
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

    private boolean isOfVarchar(KeyCondition condition) {
        Distribution distribution = table.distribution(condition.distribution());
        return distribution != null && distribution.keyType() == KeyType.VARCHAR;
    }

    private Target copies(ShardingShape shape) {
        if (!(shape.spread() instanceof CopyWrite write)) {
            Refusal reason = shape.scatterRefusal();
            return reason == null
                    ? RouteRefusal.REFERENCE_WRITE.because("reference tables are whole on every shard")
                    : refusal(reason);
        }
        for (String function : write.functions()) {
            if (!catalog.nature(function).ignoresTables() || ShardBoundFunctions.readsTables(function)) {
                return RouteRefusal.COPIES_UNPROVEN.because("the function is " + function);
            }
        }
        if (!catalog.isLoaded()
                || catalog.hasHiddenCalls()
                || catalog.namesVolatileOperator(write.operators())
                || catalog.namesAnyOpaque(write.names())) {
            return RouteRefusal.COPIES_UNPROVEN.because("it names a view or calls functions unseen");
        }
        // A default, for one, runs on the first shard, whatever else it writes or reads.
        String uses = catalog.tableUses().hidden(write.names(), true);
        if (uses != null) {
            return RouteRefusal.TABLE_USES_TABLES.because(uses);
        }
        return new Target.Scatter(
                table.all(), place(Target.ANY_SHARD, Reason.EVERY_SHARD), new Target.Work.Copies(write));
    }

    private Target command(ShardingShape shape, Asked.@Nullable Shard named, SessionRouting session) {
        if (named != null) {
            return named.byKey()
                    ? refusal(RefusalCode.ALL_SHARDS.because("it concerns more than the rows of one key"))
                    : place(named);
        }
        if (!(shape.spread() instanceof EveryShardCommand command)) {
            return refusal(RefusalCode.ALL_SHARDS.because("it concerns the tables or settings of every shard"));
        }
        boolean inBlock = session.transaction().scope() != TransactionScope.NONE;
        boolean refusedThere = switch (command.form()) {
            case DEFINITION, TOGETHER, AS_SENT -> false;
            case IN_BLOCK -> !inBlock;
            case SEPARATELY -> inBlock;
        };
        Target.At at = place(Target.ANY_SHARD, Reason.EVERY_SHARD);
        if (refusedThere) {
            // A server tells why.
            return at;
        }
        boolean either = command.form() == EveryShardCommand.Form.AS_SENT;
        EveryShardCommand decided = !either
                ? command
                : new EveryShardCommand(
                        inBlock ? EveryShardCommand.Form.TOGETHER : EveryShardCommand.Form.SEPARATELY,
                        command.storesText());
        return new Target.Scatter(table.all(), at, new Target.Work.Command(decided));
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

    static Target.Refused refusal(Refusal refusal) {
        return new Target.Refused(
                refusal.code().code(),
                RouterErrors.refused(
                        SqlState.FEATURE_NOT_SUPPORTED, refusal.message(), refusal.detail(), refusal.hint()));
    }

    private static boolean bindsToHome(StatementShape statement) {
        if (statement.effects().contains(SessionEffect.ADVISORY_LOCK)) {
            return true;
        }
        if (!statement.functions().isEmpty()) {
            for (String function : statement.functions()) {
                if (ShardBoundFunctions.belongOnHomeShard(function)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Target.At place(Asked.Shard named) {
        return place(named.shard(), named.reason());
    }

    static Target.At place(int shard, Reason reason) {
        return new Target.At(shard, RoleNeed.ANY, reason, Reason.SESSION);
    }
}
