// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import org.jspecify.annotations.Nullable;

/**
 * What routing must know of a session at the moment a statement is to run.
 *
 * <p>A session keeps one and replaces it when something changes.
 *
 * @param policy where the pool sends reads
 * @param transaction the block the statement runs in
 * @param readOnlyByDefault {@code default_transaction_read_only}, which decides about a BEGIN that does not say
 * @param serializable whether that transaction, or the next implicit one, is SERIALIZABLE; a replica refuses those
 * @param wishes what the client asked for by its settings
 * @param isAfterWrite whether reads follow the session's own write to the primary, for replicas may not have it yet
 */
public record SessionRouting(
        ReadPolicy policy,
        Transaction transaction,
        boolean readOnlyByDefault,
        boolean serializable,
        Wishes wishes,
        boolean isAfterWrite) {

    /**
     * A transaction block, or none, and where it runs.
     *
     * @param scope the kind of block
     * @param shard the shard it, or a session tied to its backend, runs on; {@link Target#ANY_SHARD} while it has none
     * @param role where that is ({@link RoleNeed#PRIMARY} or {@link RoleNeed#REPLICA}), or {@link RoleNeed#ANY} without a backend
     * @param crosses whether it may come to other shards, too
     */
    public record Transaction(TransactionScope scope, int shard, RoleNeed role, boolean crosses) {
        private static final Transaction NONE =
                new Transaction(TransactionScope.NONE, Target.ANY_SHARD, RoleNeed.ANY, false);
    }

    /**
     * The settings a session has of the router.
     *
     * @param role {@code trunkline.role}
     * @param shardKey {@code trunkline.shard_key}, or null when not set
     * @param shard {@code trunkline.shard}, a shard's name, or null when not set
     */
    public record Wishes(
            RolePreference role,
            @Nullable String shardKey,
            @Nullable String shard) {
        private static final Wishes NONE = new Wishes(RolePreference.AUTO, null, null);
    }

    /** Returns the routing of a session that has just logged in. */
    public static SessionRouting fresh(ReadPolicy policy) {
        return new SessionRouting(policy, Transaction.NONE, false, false, Wishes.NONE, false);
    }

    /** Returns true when the transaction or session has its backend, so that neither shard nor role can change any more. */
    public boolean isPlaced() {
        return transaction.role != RoleNeed.ANY;
    }

    /** Returns this with another transaction block that has no backend yet. */
    public SessionRouting begin(TransactionScope scope) {
        return with(
                scope == TransactionScope.NONE
                        ? Transaction.NONE
                        : new Transaction(scope, Target.ANY_SHARD, RoleNeed.ANY, false));
    }

    /** Returns this with the transaction being of another kind, where it is. */
    public SessionRouting within(TransactionScope scope) {
        return with(new Transaction(scope, transaction.shard, transaction.role, transaction.crosses));
    }

    /** Returns this with a transaction that may come to several shards, or may not. */
    public SessionRouting withCrossing(boolean crosses) {
        return crosses == transaction.crosses
                ? this
                : with(new Transaction(transaction.scope, transaction.shard, transaction.role, crosses));
    }

    /** Returns this with the transaction running on a shard, on its primary or on a replica. */
    public SessionRouting placedOn(int shard, RoleNeed role) {
        return with(new Transaction(transaction.scope, shard, role, transaction.crosses));
    }

    /** Returns this with another {@code default_transaction_read_only}. */
    public SessionRouting withReadOnlyByDefault(boolean isReadOnly) {
        return isReadOnly == readOnlyByDefault
                ? this
                : new SessionRouting(policy, transaction, isReadOnly, serializable, wishes, isAfterWrite);
    }

    /** Returns this with other isolation: true for SERIALIZABLE. */
    public SessionRouting withSerializable(boolean isSerializable) {
        return isSerializable == serializable
                ? this
                : new SessionRouting(policy, transaction, readOnlyByDefault, isSerializable, wishes, isAfterWrite);
    }

    /** Returns this with another {@code trunkline.role}. */
    public SessionRouting withRole(RolePreference role) {
        return with(new Wishes(role, wishes.shardKey, wishes.shard));
    }

    /** Returns this with another {@code trunkline.shard_key}; null for none. */
    public SessionRouting withShardKey(@Nullable String shardKey) {
        return with(new Wishes(wishes.role, shardKey, wishes.shard));
    }

    /** Returns this with another {@code trunkline.shard}; null for none. */
    public SessionRouting withShard(@Nullable String shard) {
        return with(new Wishes(wishes.role, wishes.shardKey, shard));
    }

    /** Returns this with the session's own write being recent, or not any more. */
    public SessionRouting withAfterWrite(boolean afterWrite) {
        return afterWrite == isAfterWrite
                ? this
                : new SessionRouting(policy, transaction, readOnlyByDefault, serializable, wishes, afterWrite);
    }

    private SessionRouting with(Transaction other) {
        return new SessionRouting(policy, other, readOnlyByDefault, serializable, wishes, isAfterWrite);
    }

    private SessionRouting with(Wishes others) {
        return new SessionRouting(policy, transaction, readOnlyByDefault, serializable, others, isAfterWrite);
    }
}
