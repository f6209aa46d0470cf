// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.Access;
import io.trunkline.sql.Hint;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode.Choice;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes of its shard a statement may run on, and why.
 *
 * <p>In this order: where the transaction already is; what a comment or a setting asks for; what the statement, the transaction and the policy
 * allow. Whatever is unsure goes to the primary.
 */
record RoleDecision(RoleNeed role, Reason reason) {

    static RoleDecision of(StatementShape statement, SessionRouting session, CatalogSnapshot catalog) {
        if (session.isPlaced()) {
            return new RoleDecision(
                    session.transaction().role(),
                    session.transaction().scope() == TransactionScope.READ_ONLY
                            ? Reason.READ_ONLY_TRANSACTION
                            : Reason.IN_TRANSACTION);
        }
        Hint.@Nullable Role hinted = statement.hint().role();
        if (hinted != null) {
            return switch (hinted) {
                case PRIMARY -> new RoleDecision(RoleNeed.PRIMARY, Reason.ROLE_HINT);
                // A write too: PostgreSQL itself then says that it cannot.
                case REPLICA -> new RoleDecision(RoleNeed.REPLICA, Reason.ROLE_HINT);
                case PREFER_REPLICA -> byPolicy(ReadPolicy.PREFER_REPLICA, statement, session, catalog);
            };
        }
        return switch (session.wishes().role()) {
            case AUTO -> byPolicy(session.policy(), statement, session, catalog);
            case PRIMARY -> new RoleDecision(RoleNeed.PRIMARY, Reason.ROLE_SETTING);
            case REPLICA -> new RoleDecision(RoleNeed.REPLICA, Reason.ROLE_SETTING);
            case PREFER_REPLICA -> byPolicy(ReadPolicy.PREFER_REPLICA, statement, session, catalog);
        };
    }

    private static RoleDecision byPolicy(
            ReadPolicy policy, StatementShape statement, SessionRouting session, CatalogSnapshot catalog) {
        if (statement.access() == Access.NEUTRAL
                && session.transaction().scope() == TransactionScope.NONE
                && statement.kind() != StatementKind.BEGIN) {
            return new RoleDecision(RoleNeed.ANY, Reason.SESSION);
        }
        if (isReadWrite(statement, session)) {
            return new RoleDecision(RoleNeed.PRIMARY, Reason.IN_TRANSACTION);
        }
        if (policy == ReadPolicy.PRIMARY) {
            return new RoleDecision(
                    RoleNeed.PRIMARY, statement.access() == Access.WRITE ? Reason.WRITE : Reason.POLICY);
        }
        if (isSerializable(statement, session)) {
            return new RoleDecision(RoleNeed.PRIMARY, Reason.SERIALIZABLE);
        }
        Reason verdict = statement.access() == Access.NEUTRAL ? Reason.READ : ReadOnlyCheck.verdict(statement, catalog);
        if (verdict != Reason.READ) {
            return new RoleDecision(RoleNeed.PRIMARY, verdict);
        }
        if (session.isAfterWrite()) {
            return new RoleDecision(RoleNeed.PRIMARY, Reason.READ_AFTER_WRITE);
        }
        return new RoleDecision(
                policy == ReadPolicy.REPLICA ? RoleNeed.REPLICA : RoleNeed.REPLICA_ALLOWED,
                session.transaction().scope() == TransactionScope.READ_ONLY || statement.kind() == StatementKind.BEGIN
                        ? Reason.READ_ONLY_TRANSACTION
                        : Reason.READ);
    }

    /** In a block that may write, or at the BEGIN of one. */
    private static boolean isReadWrite(StatementShape statement, SessionRouting session) {
        return switch (session.transaction().scope()) {
            case READ_WRITE -> true;
            case READ_ONLY ->
                // Allowed before the first query; a replica could not.
                statement.kind() == StatementKind.SET_TRANSACTION
                        && statement.transactionMode().readOnly() == Choice.NO;
            case NONE ->
                statement.kind() == StatementKind.BEGIN
                        && switch (statement.transactionMode().readOnly()) {
                            case YES -> false;
                            case NO -> true;
                            case UNSAID -> !session.readOnlyByDefault();
                        };
        };
    }

    private static boolean isSerializable(StatementShape statement, SessionRouting session) {
        Choice said = statement.kind() == StatementKind.BEGIN || statement.kind() == StatementKind.SET_TRANSACTION
                ? statement.transactionMode().serializable()
                : Choice.UNSAID;
        return switch (said) {
            case YES -> true;
            case NO -> false;
            case UNSAID -> session.serializable();
        };
    }
}
