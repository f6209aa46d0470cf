// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ShardingShape.Reach;
import io.trunkline.testing.Case;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On which node of its shard a statement runs, and why. */
class StatementRouterRoleTest {
    private final StatementRouter router = new StatementRouter(Given.plain(), Given.catalog());

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "select * from orders|READ",
                "select lower(name), count(*) from customers where now() > placed_at|READ",
                "values (1), (2)|READ",
                "table orders|READ",
                "with x as (select 1) select * from x|READ",
                "select balance_of(1)|READ",
                "select tax(1)|READ",
                "insert into orders values (1)|WRITE",
                "select * from orders for update|WRITE",
                "select * from orders for no key update|WRITE",
                "select * from (select * from orders for share) x|WRITE",
                "with x as (insert into orders values (1) returning *) select * from x|WRITE",
                "select * into copied from orders|WRITE",
                "create table t ()|WRITE",
                "call p()|WRITE",
                "do 'begin end'|WRITE",
                "listen news|WRITE",
                "something new in the next major|WRITE",
                "select nextval('s')|VOLATILE_FUNCTION",
                "select random()|VOLATILE_FUNCTION",
                "select audit('x')|VOLATILE_FUNCTION",
                "select pg_advisory_lock(1)|VOLATILE_FUNCTION",
                "select pg_catalog.pg_advisory_xact_lock(1)|VOLATILE_FUNCTION",
                "select set_config('a.b', 'c', false)|VOLATILE_FUNCTION",
                "select current_setting('a.b')|VOLATILE_FUNCTION",
                "select unheard_of()|UNKNOWN_FUNCTION",
                "select * from order_totals|OPAQUE_RELATION",
                "select * from public.order_totals|OPAQUE_RELATION",
                "select 1 @@! 2|HIDDEN_FUNCTION",
            })
    void sendsToReplicasWhatIsProvenToRead(String sql, Reason reason) {
        Target.At target = at(sql, Given.SESSION);

        assertThat(target.roleReason()).isEqualTo(reason);
        assertThat(target.role()).isEqualTo(reason == Reason.READ ? RoleNeed.REPLICA_ALLOWED : RoleNeed.PRIMARY);
    }

    @Test
    void followsThePolicy() {
        assertRole("select 1", SessionRouting.fresh(ReadPolicy.PRIMARY), RoleNeed.PRIMARY, Reason.POLICY);
        assertRole("select 1", SessionRouting.fresh(ReadPolicy.PREFER_REPLICA), RoleNeed.REPLICA_ALLOWED, Reason.READ);
        assertRole("select 1", SessionRouting.fresh(ReadPolicy.REPLICA), RoleNeed.REPLICA, Reason.READ);
        assertRole("create table t ()", SessionRouting.fresh(ReadPolicy.REPLICA), RoleNeed.PRIMARY, Reason.WRITE);
    }

    @Test
    void staysOnThePrimaryInATransactionThatMayWrite() {
        assertRole("begin", Given.SESSION, RoleNeed.PRIMARY, Reason.IN_TRANSACTION);
        assertRole("begin read write", Given.SESSION, RoleNeed.PRIMARY, Reason.IN_TRANSACTION);
        assertRole(
                "select 1", Given.SESSION.begin(TransactionScope.READ_WRITE), RoleNeed.PRIMARY, Reason.IN_TRANSACTION);
    }

    @Test
    @Case("T04")
    void sendsReadOnlyTransactionsToReplicas() {
        assertRole("begin read only", Given.SESSION, RoleNeed.REPLICA_ALLOWED, Reason.READ_ONLY_TRANSACTION);
        assertRole(
                "start transaction isolation level repeatable read, read only",
                Given.SESSION,
                RoleNeed.REPLICA_ALLOWED,
                Reason.READ_ONLY_TRANSACTION);
        SessionRouting readOnly = Given.SESSION.begin(TransactionScope.READ_ONLY);
        assertRole("select 1", readOnly, RoleNeed.REPLICA_ALLOWED, Reason.READ_ONLY_TRANSACTION);
        assertRole("set local work_mem = '1MB'", readOnly, RoleNeed.REPLICA_ALLOWED, Reason.READ_ONLY_TRANSACTION);
        assertRole("select nextval('s')", readOnly, RoleNeed.PRIMARY, Reason.VOLATILE_FUNCTION);
        assertRole("begin read only", SessionRouting.fresh(ReadPolicy.PRIMARY), RoleNeed.PRIMARY, Reason.POLICY);
    }

    @Test
    void takesTheSessionsDefaultWhenBeginDoesNotSay() {
        SessionRouting readOnly = Given.SESSION.withReadOnlyByDefault(true);

        assertRole("begin", readOnly, RoleNeed.REPLICA_ALLOWED, Reason.READ_ONLY_TRANSACTION);
        assertRole("begin read write", readOnly, RoleNeed.PRIMARY, Reason.IN_TRANSACTION);
    }

    @Test
    @Case("T04")
    void keepsSerializableTransactionsOffReplicas() {
        SessionRouting serializable = Given.SESSION.withSerializable(true);

        assertRole(
                "begin isolation level serializable, read only", Given.SESSION, RoleNeed.PRIMARY, Reason.SERIALIZABLE);
        assertRole("select 1", serializable, RoleNeed.PRIMARY, Reason.SERIALIZABLE);
        assertRole("begin read only", serializable, RoleNeed.PRIMARY, Reason.SERIALIZABLE);
        assertRole(
                "begin isolation level read committed, read only",
                serializable,
                RoleNeed.REPLICA_ALLOWED,
                Reason.READ_ONLY_TRANSACTION);
    }

    @Test
    void readsItsOwnWrites() {
        SessionRouting wrote = Given.SESSION.withAfterWrite(true);
        SessionRouting longAgo = wrote.withAfterWrite(false);

        assertRole("select 1", wrote, RoleNeed.PRIMARY, Reason.READ_AFTER_WRITE);
        assertRole("begin read only", wrote, RoleNeed.PRIMARY, Reason.READ_AFTER_WRITE);
        assertRole("select 1", longAgo, RoleNeed.REPLICA_ALLOWED, Reason.READ);
    }

    @Test
    void obeysAHintEvenForWrites() {
        assertRole("/* trunkline: role=primary */ select 1", Given.SESSION, RoleNeed.PRIMARY, Reason.ROLE_HINT);
        assertRole(
                "/* trunkline: role=replica */ insert into t values (1)",
                Given.SESSION,
                RoleNeed.REPLICA,
                Reason.ROLE_HINT);
        assertRole(
                "/* trunkline: role=prefer-replica */ select 1",
                SessionRouting.fresh(ReadPolicy.PRIMARY),
                RoleNeed.REPLICA_ALLOWED,
                Reason.READ);
        assertRole(
                "/* trunkline: role=prefer-replica */ insert into t values (1)",
                SessionRouting.fresh(ReadPolicy.PRIMARY),
                RoleNeed.PRIMARY,
                Reason.WRITE);
        assertRole("begin /* trunkline: role=replica */", Given.SESSION, RoleNeed.REPLICA, Reason.ROLE_HINT);
    }

    @Test
    void obeysTheSettingUnlessAHintSaysOtherwise() {
        SessionRouting replica = Given.SESSION.withRole(RolePreference.REPLICA);

        assertRole("insert into t values (1)", replica, RoleNeed.REPLICA, Reason.ROLE_SETTING);
        assertRole("/* trunkline: role=primary */ select 1", replica, RoleNeed.PRIMARY, Reason.ROLE_HINT);
        assertRole("select 1", Given.SESSION.withRole(RolePreference.PRIMARY), RoleNeed.PRIMARY, Reason.ROLE_SETTING);
        assertRole(
                "select 1",
                SessionRouting.fresh(ReadPolicy.PRIMARY).withRole(RolePreference.PREFER_REPLICA),
                RoleNeed.REPLICA_ALLOWED,
                Reason.READ);
    }

    @ParameterizedTest
    @EnumSource(
            value = RoleNeed.class,
            names = {"PRIMARY", "REPLICA"})
    @Case("T11")
    void neverSwitchesNodesInATransaction(RoleNeed role) {
        SessionRouting placed = Given.SESSION.begin(TransactionScope.READ_ONLY).placedOn(0, role);

        assertRole("select 1", placed, role, Reason.READ_ONLY_TRANSACTION);
        assertRole("/* trunkline: role=primary */ select 1", placed, role, Reason.READ_ONLY_TRANSACTION);
        assertRole("insert into t values (1)", placed, role, Reason.READ_ONLY_TRANSACTION);
    }

    @Test
    void refusesALockThatWouldExcludeNobody() {
        SessionRouting onReplica =
                Given.SESSION.begin(TransactionScope.READ_ONLY).placedOn(0, RoleNeed.REPLICA);

        Target target =
                router.target(Given.statement("select pg_advisory_xact_lock(1)"), null, GivenKeys.none(), onReplica);

        assertThat(target)
                .isInstanceOfSatisfying(
                        Target.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo("TL0215"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"set work_mem = '1MB'", "show work_mem", "commit", "rollback", "discard all", "deallocate all"})
    void leavesTheSessionsOwnStatementsToTheSession(String sql) {
        assertRole(sql, Given.SESSION, RoleNeed.ANY, Reason.SESSION);
    }

    @Test
    void sendsNothingToReplicasBeforeTheCatalogueIsReadButWhatNamesNothing() {
        StatementRouter early = new StatementRouter(Given.plain(), CatalogSnapshot.unloaded());

        assertThat(role(early, "select lower('X')")).isEqualTo(RoleNeed.REPLICA_ALLOWED);
        assertThat(role(early, "select * from orders")).isEqualTo(RoleNeed.PRIMARY);
        assertThat(role(early, "select app.lower('X')")).isEqualTo(RoleNeed.PRIMARY);
    }

    @Test
    void mistrustsEverythingWhenFunctionsAreCalledUnseen() {
        StatementRouter router = new StatementRouter(
                Given.plain(),
                CatalogSnapshot.of(
                        List.of(List.of("lower", "f", "f")), List.of(), List.of(List.of("domain", "")), List.of()));

        assertThat(role(router, "select 1")).isEqualTo(RoleNeed.PRIMARY);
    }

    @Test
    void decidesShardAndRoleApart() {
        StatementRouter sharded = new StatementRouter(Given.customers(3), Given.catalog());

        Target target = sharded.target(
                Given.statement("/* trunkline: shard=c role=replica */ select 1"),
                Given.reach(Reach.NO_TABLE),
                GivenKeys.none(),
                Given.SESSION);

        assertThat(target).isEqualTo(new Target.At(2, RoleNeed.REPLICA, Reason.HINT, Reason.ROLE_HINT));
    }

    private RoleNeed role(StatementRouter other, String sql) {
        return ((Target.At) other.target(Given.statement(sql), null, GivenKeys.none(), Given.SESSION)).role();
    }

    private Target.At at(String sql, SessionRouting session) {
        Target target = router.target(Given.statement(sql), null, GivenKeys.none(), session);
        assertThat(target).isInstanceOf(Target.At.class);
        return (Target.At) target;
    }

    private void assertRole(String sql, SessionRouting session, RoleNeed role, Reason reason) {
        Target.At target = at(sql, session);
        assertThat(target.role()).isEqualTo(role);
        assertThat(target.roleReason()).isEqualTo(reason);
    }
}
