// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.KeyCondition;
import io.trunkline.sql.KeyOperand;
import io.trunkline.sql.RefusalCode;
import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShape.Reach;
import io.trunkline.testing.Case;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On which shard a statement runs, and when on none. */
class StatementRouterShardTest {
    private static final KeyOperand FIRST = new KeyOperand.Parameter(1, null);
    private static final KeyOperand SECOND = new KeyOperand.Parameter(2, null);
    private static final String SELECT = "select * from orders where customer_id = $1";
    private static final String INSERT = "insert into orders (customer_id) values ($1)";

    private final RoutingTable table = Given.customers(3);
    private final StatementRouter router = new StatementRouter(table, Given.catalog());

    /** Ids of customers on each shard: {@code onShard[s]} lives on shard {@code s}. */
    private final long[] onShard = new long[3];

    StatementRouterShardTest() {
        for (long id = 200; id > 0; id--) {
            onShard[Given.shardOf(table, id)] = id;
        }
    }

    @Test
    void sendsEverythingToTheOnlyShard() {
        StatementRouter plain = new StatementRouter(Given.plain(), Given.catalog());

        Target target = plain.target(Given.statement("create table t ()"), null, GivenKeys.none(), Given.SESSION);

        assertThat(target).isEqualTo(new Target.At(0, RoleNeed.PRIMARY, Reason.SINGLE_SHARD, Reason.WRITE));
        assertThat(plain.needsShardingShape(Given.statement(SELECT))).isFalse();
    }

    @Test
    void followsTheKey() {
        for (int shard = 0; shard < 3; shard++) {
            Target target = target(SELECT, equal(FIRST), keys(onShard[shard]));

            assertThat(target).isEqualTo(new Target.At(shard, RoleNeed.REPLICA_ALLOWED, Reason.KEY, Reason.READ));
        }
    }

    @Test
    @Case("H03")
    void runsConditionsThatMeetOnOneShard() {
        GivenKeys twice = keys(onShard[1], onShard[1]);

        assertThat(shard(target(SELECT, Given.keyed(eq(FIRST), eq(SECOND)), twice)))
                .isEqualTo(1);
        assertThat(shard(target(SELECT, Given.keyed(in(FIRST, SECOND)), twice))).isEqualTo(1);
        assertThat(shard(target(SELECT, Given.keyed(and(in(FIRST, SECOND), eq(FIRST))), keys(onShard[2], onShard[0]))))
                .isEqualTo(2);
        assertThat(shard(target(SELECT, Given.keyed(and(everything(), eq(FIRST))), keys(onShard[2]))))
                .isEqualTo(2);
    }

    @Test
    void refusesWhatNeedsSeveralShards() {
        GivenKeys different = keys(onShard[0], onShard[2]);

        assertRefused(target(SELECT, Given.keyed(eq(FIRST), eq(SECOND)), different), "TL0207", "0A000");
        assertRefused(target(SELECT, Given.keyed(in(FIRST, SECOND)), different), "TL0207", "0A000");
        assertRefused(target(SELECT, Given.keyed(everything()), different), "TL0106", "0A000");
        assertRefused(target(SELECT, Given.keyed(eq(FIRST), everything()), different), "TL0207", "0A000");
        assertRefused(target(SELECT, Given.keyed(or(eq(FIRST), everything())), different), "TL0207", "0A000");
        assertThat(((Target.Refused) target(SELECT, Given.keyed(in(FIRST, SECOND)), different))
                        .error()
                        .response()
                        .detail())
                .isEqualTo("TL0207: The shards are a, c.");
    }

    @Test
    @Case("H06")
    void answersFromAnyShardWhenNoRowCanMatch() {
        Target target = target(SELECT, equal(FIRST), GivenKeys.text(20, null));

        assertThat(target)
                .isEqualTo(new Target.At(Target.ANY_SHARD, RoleNeed.REPLICA_ALLOWED, Reason.NO_MATCH, Reason.READ));
        assertThat(shard(target(
                        SELECT,
                        Given.keyed(eq(FIRST), eq(SECOND)),
                        GivenKeys.text(20, null).andText(20, "" + onShard[2]))))
                .isEqualTo(2);
        assertThat(shard(target(
                        "update orders set amount = 0 where customer_id = $1", equal(FIRST), GivenKeys.text(20, null))))
                .isEqualTo(Target.ANY_SHARD);
    }

    @Test
    @Case("H06")
    void refusesToStoreARowWithoutAKey() {
        assertRefused(target(INSERT, Given.stored(eq(FIRST)), GivenKeys.text(20, null)), "TL0208", "23502");
        assertRefused(
                target(
                        INSERT,
                        Given.stored(in(FIRST, SECOND)),
                        GivenKeys.text(20, "1").andText(20, null)),
                "TL0208",
                "23502");
        assertRefused(
                target(INSERT, Given.stored(in(FIRST, new KeyOperand.Null())), GivenKeys.text(20, "1")),
                "TL0208",
                "23502");
    }

    @Test
    void tellsAKeyOfNoShardFromAKeyThatOnlyIsSoughtThere() {
        KeyCondition inRange = new KeyCondition.Equal("range", FIRST);
        StatementRouter router = new StatementRouter(Given.table(3), Given.catalog());

        assertThat(target(router, "select * from app.readings where id = $1", Given.keyed(inRange), keys(100)))
                .isInstanceOfSatisfying(
                        Target.At.class, at -> assertThat(at.shardReason()).isEqualTo(Reason.NO_MATCH));
        assertThat(shard(target(router, "insert into app.readings (id) values ($1)", Given.stored(inRange), keys(99))))
                .isEqualTo(2);
        assertRefused(
                target(router, "insert into app.readings (id) values ($1)", Given.stored(inRange), keys(100)),
                "TL0209",
                "0A000");
    }

    @Test
    void asksForParameterTypesOnlyWhenTheyDecide() {
        GivenKeys untyped = GivenKeys.binary(0, PostgresBinary.int8(onShard[1]));
        GivenKeys untypedAndTyped =
                GivenKeys.binary(0, PostgresBinary.int8(onShard[1])).andText(20, "" + onShard[1]);

        assertThat(target(SELECT, equal(FIRST), untyped)).isEqualTo(Target.NeedsParameterTypes.INSTANCE);
        assertThat(shard(target(SELECT, Given.keyed(and(eq(FIRST), eq(SECOND))), untypedAndTyped)))
                .isEqualTo(1);
    }

    @Test
    void namesTheKeyItCannotRead() {
        assertRefused(target(SELECT, equal(FIRST), GivenKeys.text(1700, "42.0")), "TL0206", "0A000");
        assertRefused(target(SELECT, equal(FIRST), GivenKeys.text(20, "abc")), "TL0206", "22P02");
        Target.Refused refused = (Target.Refused) target(SELECT, equal(FIRST), GivenKeys.text(1700, "42.0"));
        assertThat(refused.error().response().detail())
                .isEqualTo("TL0206: Parameter $1 has type 1700 (expected: int2, int4, int8).");
        assertThat(refused.error().response().hint()).isNotBlank();
    }

    @Test
    void readsReferenceTablesAndTheCatalogueAnywhere() {
        assertThat(reason(target("select * from countries", Given.reach(Reach.REFERENCE_READ), GivenKeys.none())))
                .isEqualTo(Reason.REFERENCE);
        assertThat(reason(target("select * from pg_class", Given.reach(Reach.CATALOG), GivenKeys.none())))
                .isEqualTo(Reason.CATALOG);
        assertThat(target("select lower('X'), random(), tax(1)", Given.reach(Reach.NO_TABLE), GivenKeys.none()))
                .isEqualTo(
                        new Target.At(Target.ANY_SHARD, RoleNeed.PRIMARY, Reason.NO_TABLE, Reason.VOLATILE_FUNCTION));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select balance_of(42)",
                "select audit('x')",
                "select unheard_of()",
                "select query_to_xml('select * from orders', true, true, '')",
                "select pg_catalog.table_to_xml('orders', true, true, '')",
            })
    @Case("H08")
    void refusesFunctionsThatMayReadTablesWhereNoShardIsNamed(String sql) {
        assertRefused(target(sql, Given.reach(Reach.NO_TABLE), GivenKeys.none()), "TL0212", "0A000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select nextval('s')",
                "select pg_advisory_lock(1)",
                "select pg_advisory_xact_lock(1)",
                "listen news",
                "notify news",
            })
    @Case({"H49", "H53", "H55"})
    void keepsLocksSequencesAndNotificationsOnTheFirstShard(String sql) {
        Target target = target(sql, Given.reach(Reach.NO_TABLE), GivenKeys.none());

        assertThat(shard(target)).isZero();
        assertThat(reason(target)).isEqualTo(Reason.HOME_SHARD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select trunkline.next_id()", "select trunkline.next_value('orders_id')"})
    @Case("H49")
    void takesNumbersThatNoOtherShardGivesWhereverTheSessionIs(String sql) {
        Target target = target(sql, Given.reach(Reach.NO_TABLE), GivenKeys.none());

        assertThat(shard(target)).isEqualTo(Target.ANY_SHARD);
        assertThat(reason(target)).isEqualTo(Reason.NO_TABLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select set_config('app.tenant', '42', true)", "select current_setting('app.tenant')"})
    void runsFunctionsOfTheSessionWhereTheSessionIs(String sql) {
        assertThat(shard(target(sql, Given.reach(Reach.NO_TABLE), GivenKeys.none())))
                .isEqualTo(Target.ANY_SHARD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select version(), current_database(), current_schema(), pg_backend_pid(), random(), clock_timestamp()",
                "select set_config('search_path', '', false)",
                "select 1::decimal(10, 2), 'a'::character varying (3), cast('x' as char(3)), '1'::bit(3), 2::float(8)",
                "select 'now'::timestamp(3), time (2) '10:00', interval '1' second (3), 'a'::nchar (3), 1::dec(3)",
                "select count(*) filter (where true) over (partition by 1), grouping(1), coalesce(null, 1), row(1, 2)",
                "select * from generate_series(1, 2) with ordinality as g (n, o), unnest(array[1]) u (x)",
                "values (1), (2)",
            })
    void runsWhatToolsAskAnywhereBeforeTheCatalogueIsRead(String sql) {
        StatementRouter early = new StatementRouter(table, CatalogSnapshot.unloaded());

        assertThat(target(early, sql, Given.reach(Reach.NO_TABLE), GivenKeys.none()))
                .isInstanceOfSatisfying(
                        Target.At.class, at -> assertThat(at.shardReason()).isIn(Reason.NO_TABLE, Reason.HOME_SHARD));
    }

    @Test
    @Case({"H49", "H55"})
    void refusesALockThatWouldBeTakenOnAnotherShard() {
        String lock = "select pg_advisory_xact_lock(customer_id) from orders where customer_id = $1";

        assertThat(shard(target(lock, equal(FIRST), keys(onShard[0])))).isZero();
        assertRefused(target(lock, equal(FIRST), keys(onShard[1])), "TL0213", "0A000");
        assertThat(shard(target("/* trunkline: shard=b */ " + lock, equal(FIRST), keys(onShard[1]))))
                .isEqualTo(1);
    }

    @Test
    void refusesToWriteReferenceTablesUnlessAShardIsNamed() {
        String update = "update countries set name = 'x'";

        assertRefused(target(update, Given.reach(Reach.REFERENCE_WRITE), GivenKeys.none()), "TL0214", "0A000");
        assertThat(shard(target(
                        "/* trunkline: shard=c */ " + update, Given.reach(Reach.REFERENCE_WRITE), GivenKeys.none())))
                .isEqualTo(2);
        assertRefused(
                target("/* trunkline: shard_key=42 */ " + update, Given.reach(Reach.REFERENCE_WRITE), GivenKeys.none()),
                "TL0214",
                "0A000");
    }

    @Test
    void refusesWhatNobodyReadUnlessAShardIsNamed() {
        assertRefused(target("select * from orders", null, GivenKeys.none()), "TL0205", "0A000");
        assertThat(shard(target("select * from orders /* trunkline: shard=b */", null, GivenKeys.none())))
                .isEqualTo(1);
        assertThat(reason(target("select * from orders /* trunkline: shard=b */", null, GivenKeys.none())))
                .isEqualTo(Reason.HINT);
    }

    @Test
    void passesTheReadersRefusalOn() {
        Target target = target("select count(*) from orders", refused(RefusalCode.NO_KEY), GivenKeys.none());

        assertRefused(target, "TL0106", "0A000");
    }

    @Test
    void letsAClientNameTheShardOfARefusedStatementButNotMoveItsKey() {
        String sql = "/* trunkline: shard=b */ select count(*) from orders";
        String byKey = "/* trunkline: shard_key=" + onShard[2] + " */ select count(*) from orders";

        assertThat(shard(target(sql, refused(RefusalCode.NO_KEY), GivenKeys.none())))
                .isEqualTo(1);
        assertThat(shard(target(byKey, refused(RefusalCode.NO_KEY), GivenKeys.none())))
                .isEqualTo(2);
        assertRefused(target(sql, refused(RefusalCode.KEY_UPDATE), GivenKeys.none()), "TL0113", "0A000");
        assertRefused(target(byKey, refused(RefusalCode.ALL_SHARDS), GivenKeys.none()), "TL0115", "0A000");
        assertThat(shard(target(sql, refused(RefusalCode.ALL_SHARDS), GivenKeys.none())))
                .isEqualTo(1);
    }

    @Test
    void refusesAHintAgainstTheStatementsOwnKey() {
        String hinted = "/* trunkline: shard=b */ " + SELECT;

        assertThat(shard(target(hinted, equal(FIRST), keys(onShard[1])))).isEqualTo(1);
        assertRefused(target(hinted, equal(FIRST), keys(onShard[2])), "TL0204", "0A000");
        assertRefused(target(hinted, Given.keyed(everything(), eq(FIRST)), keys(onShard[2])), "TL0204", "0A000");
        assertThat(shard(target(hinted, Given.keyed(everything()), GivenKeys.none())))
                .isEqualTo(1);
        assertThat(shard(target(hinted, equal(FIRST), GivenKeys.text(1700, "42.0"))))
                .isEqualTo(1);
    }

    @Test
    void refusesAHintThatWouldStoreRowsOfOtherShards() {
        String hinted = "/* trunkline: shard=b */ insert into orders (customer_id) values ($1), ($2)";

        assertRefused(target(hinted, Given.stored(in(FIRST, SECOND)), keys(onShard[1], onShard[2])), "TL0204", "0A000");
        assertRefused(
                target(
                        hinted,
                        Given.stored(in(FIRST, SECOND)),
                        GivenKeys.text(1700, "1.5").andText(20, "" + onShard[0])),
                "TL0204",
                "0A000");
        assertThat(shard(target(hinted, Given.stored(in(FIRST, SECOND)), keys(onShard[1], onShard[1]))))
                .isEqualTo(1);
    }

    @Test
    void letsAShardBeNamedForPartOfAReadButNotByAKey() {
        GivenKeys both = keys(onShard[0], onShard[1]);

        assertThat(shard(target("/* trunkline: shard=b */ " + SELECT, Given.keyed(in(FIRST, SECOND)), both)))
                .isEqualTo(1);
        assertRefused(
                target("/* trunkline: shard_key=" + onShard[1] + " */ " + SELECT, Given.keyed(in(FIRST, SECOND)), both),
                "TL0204",
                "0A000");
    }

    @Test
    void takesSettingsWhereTheStatementSaysNothing() {
        SessionRouting byKey = Given.SESSION.withShardKey(Long.toString(onShard[2]));
        SessionRouting byName = Given.SESSION.withShard("b");

        assertThat(target("select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), byKey))
                .isEqualTo(new Target.At(2, RoleNeed.REPLICA_ALLOWED, Reason.SETTING, Reason.READ));
        assertThat(shard(target("select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), byName)))
                .isEqualTo(1);
        assertThat(shard(target(
                        "/* trunkline: shard=a */ select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), byName)))
                .isZero();
        assertThat(shard(target("begin", null, GivenKeys.none(), byName))).isEqualTo(Target.ANY_SHARD);
        assertRefused(target(SELECT, equal(FIRST), keys(onShard[0]), byKey), "TL0204", "0A000");
    }

    @Test
    void refusesAKeyThatSeveralDistributionsPlaceElsewhere() {
        StatementRouter several = new StatementRouter(Given.table(3), Given.catalog());
        SessionRouting session = Given.SESSION.withShardKey(Long.toString(onShard[2]));
        String hinted = "/* trunkline: shard_key=" + onShard[2] + " */ select * from orders";

        // As a name this key is on another shard than as a customer's id.
        assertRefused(target(several, hinted, refused(RefusalCode.NO_KEY), GivenKeys.none()), "TL0203", "22023");
        assertThat(shard(target(several, hinted, Given.keyed(everything()), GivenKeys.none())))
                .isEqualTo(2);
        assertThat(shard(several.target(
                        Given.statement("select 1"), Given.reach(Reach.NO_TABLE), GivenKeys.none(), session)))
                .isEqualTo(Target.ANY_SHARD);
    }

    @Test
    void refusesHintsAndSettingsThatNameNothing() {
        assertRefused(
                target("/* trunkline: shard=z */ select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none()),
                "TL0202",
                "22023");
        assertRefused(
                target("select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), Given.SESSION.withShard("z")),
                "TL0202",
                "22023");
        assertRefused(target("/* trunkline: shard_key=abc */ " + SELECT, equal(FIRST), keys(1)), "TL0203", "22023");
        assertRefused(
                target(
                        "/* trunkline: shard=a shard_key=" + onShard[1] + " */ " + SELECT,
                        Given.keyed(everything()),
                        keys(1)),
                "TL0204",
                "0A000");
        assertRefused(
                target("/* trunkline: shrad=a */ select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none()),
                "TL0201",
                "22023");
    }

    @Test
    @Case({"H43", "H45"})
    void staysOnTheTransactionsShard() {
        SessionRouting onB = Given.SESSION.begin(TransactionScope.READ_WRITE).placedOn(1, RoleNeed.PRIMARY);

        assertThat(shard(target("select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), onB)))
                .isEqualTo(1);
        assertThat(shard(target("commit", null, GivenKeys.none(), onB))).isEqualTo(1);
        assertThat(shard(target(SELECT, equal(FIRST), keys(onShard[1]), onB))).isEqualTo(1);
        assertRefused(target(SELECT, equal(FIRST), keys(onShard[0]), onB), "TL0211", "0A000");
        assertRefused(
                target("/* trunkline: shard=c */ select 1", Given.reach(Reach.NO_TABLE), GivenKeys.none(), onB),
                "TL0211",
                "0A000");
    }

    @Test
    @Case("H17")
    void knowsNoConditionOfAnotherTopology() {
        KeyCondition stale = new KeyCondition.Equal("gone", FIRST);

        assertRefused(target(SELECT, Given.keyed(stale), keys(1)), "TL0106", "0A000");
    }

    @Test
    void refusesUnreadableTextsOnlyWhereThereAreSeveralShards() {
        assertRefused(router.untrusted(Given.SESSION), "TL0205", "0A000");
        assertThat(new StatementRouter(Given.plain(), Given.catalog()).untrusted(Given.SESSION))
                .isEqualTo(new Target.At(0, RoleNeed.PRIMARY, Reason.SINGLE_SHARD, Reason.UNREADABLE));
    }

    @Test
    void worksForMoreShardsThanALongHasBits() {
        RoutingTable wide = Given.table(130);
        StatementRouter wideRouter = new StatementRouter(wide, Given.catalog());
        java.util.Set<Integer> seen = new java.util.TreeSet<>();

        for (long id = 0; id < 2000; id++) {
            Target target = wideRouter.target(Given.statement(SELECT), equal(FIRST), keys(id), Given.SESSION);
            assertThat(shard(target)).isEqualTo(Given.shardOf(wide, id));
            seen.add(shard(target));
        }

        assertThat(seen).hasSizeGreaterThan(60);
    }

    private Target target(String sql, @Nullable ShardingShape shape, GivenKeys keys) {
        return target(sql, shape, keys, Given.SESSION);
    }

    private Target target(String sql, @Nullable ShardingShape shape, GivenKeys keys, SessionRouting session) {
        return router.target(Given.statement(sql), shape, keys, session);
    }

    private static Target target(StatementRouter other, String sql, ShardingShape shape, GivenKeys keys) {
        return other.target(Given.statement(sql), shape, keys, Given.SESSION);
    }

    private static ShardingShape equal(KeyOperand operand) {
        return Given.keyed(eq(operand));
    }

    private static KeyCondition eq(KeyOperand operand) {
        return new KeyCondition.Equal("customer", operand);
    }

    private static KeyCondition in(KeyOperand... operands) {
        return new KeyCondition.InList("customer", List.of(operands));
    }

    private static KeyCondition and(KeyCondition... parts) {
        return new KeyCondition.And("customer", List.of(parts));
    }

    private static KeyCondition or(KeyCondition... parts) {
        return new KeyCondition.Or("customer", List.of(parts));
    }

    private static KeyCondition everything() {
        return new KeyCondition.Everything("customer");
    }

    private static ShardingShape refused(RefusalCode code) {
        return new ShardingShape(Reach.REFUSED, List.of(), false, code.because("a test says so"));
    }

    private static GivenKeys keys(long... ids) {
        GivenKeys keys = GivenKeys.none();
        for (long id : ids) {
            keys.andText(20, Long.toString(id));
        }
        return keys;
    }

    private static int shard(Target target) {
        assertThat(target).isInstanceOf(Target.At.class);
        return ((Target.At) target).shard();
    }

    private static Reason reason(Target target) {
        assertThat(target).isInstanceOf(Target.At.class);
        return ((Target.At) target).shardReason();
    }

    private static void assertRefused(Target target, String code, String sqlState) {
        assertThat(target).isInstanceOf(Target.Refused.class);
        Target.Refused refused = (Target.Refused) target;
        assertThat(refused.code()).isEqualTo(code);
        assertThat(refused.error().response().sqlState()).isEqualTo(sqlState);
        assertThat(refused.error().response().detail()).startsWith(code + ": ").endsWith(".");
        assertThat(refused.error().response().hint()).endsWith(".");
    }
}
