// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import org.jspecify.annotations.Nullable;

/**
 * What routing must know of a session at the moment a statement is to run.
 *
 * <p>A session keeps one and replaces it when something changes, except for {@code nowNanos}, which is read per batch only while
 * {@code recentWriteUntilNanos} is in the future.
 *
 * @param policy where the pool sends reads
 * @param transaction the kind of transaction block the statement runs in
 * @param readOnlyByDefault {@code default_transaction_read_only}, which decides about a BEGIN that does not say
 * @param serializable whether that transaction, or the next implicit one, is SERIALIZABLE; a replica refuses those
 * @param transactionShard the shard the open transaction, or a session tied to its backend, runs on; {@link Target#ANY_SHARD} while it has
 *     none
 * @param transactionRole where that is ({@link RoleNeed#PRIMARY} or {@link RoleNeed#REPLICA}), or {@link RoleNeed#ANY} without a backend
 * @param role {@code trunkline.role}
 * @param shardKey {@code trunkline.shard_key}, or null when not set
 * @param shard {@code trunkline.shard}, a shard's name, or null when not set
 * @param recentWriteUntilNanos until when reads follow the session's own write to the primary, on the clock of {@link System#nanoTime}
 * @param nowNanos the time now on that clock
 */
public record SessionRouting(
        ReadPolicy policy,
        TransactionScope transaction,
        boolean readOnlyByDefault,
        boolean serializable,
        int transactionShard,
        RoleNeed transactionRole,
        RolePreference role,
        @Nullable String shardKey,
        @Nullable String shard,
        long recentWriteUntilNanos,
        long nowNanos) {

    /** Returns the routing of a session that has just logged in. */
    public static SessionRouting fresh(ReadPolicy policy) {
        return new SessionRouting(
                policy,
                TransactionScope.NONE,
                false,
                false,
                Target.ANY_SHARD,
                RoleNeed.ANY,
                RolePreference.AUTO,
                null,
                null,
                0,
                0);
    }

    /** Returns true while reads follow the session's own write to the primary. */
    public boolean isAfterWrite() {
        return recentWriteUntilNanos - nowNanos > 0;
    }

    /** Returns true when the transaction or session has its backend, so that neither shard nor role can change any more. */
    public boolean isPlaced() {
        return transactionRole != RoleNeed.ANY;
    }

    /** Returns this with another transaction block that has no backend yet. */
    public SessionRouting begin(TransactionScope scope) {
        return new SessionRouting(
                policy,
                scope,
                readOnlyByDefault,
                serializable,
                Target.ANY_SHARD,
                RoleNeed.ANY,
                role,
                shardKey,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with the transaction running on a shard, on its primary or on a replica. */
    public SessionRouting placedOn(int onShard, RoleNeed onRole) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                serializable,
                onShard,
                onRole,
                role,
                shardKey,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with another {@code default_transaction_read_only}. */
    public SessionRouting withReadOnlyByDefault(boolean isReadOnlyByDefault) {
        return new SessionRouting(
                policy,
                transaction,
                isReadOnlyByDefault,
                serializable,
                transactionShard,
                transactionRole,
                role,
                shardKey,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with other isolation: true for SERIALIZABLE. */
    public SessionRouting withSerializable(boolean isSerializable) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                isSerializable,
                transactionShard,
                transactionRole,
                role,
                shardKey,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with another {@code trunkline.role}. */
    public SessionRouting withRole(RolePreference preference) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                serializable,
                transactionShard,
                transactionRole,
                preference,
                shardKey,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with another {@code trunkline.shard_key}; null for none. */
    public SessionRouting withShardKey(@Nullable String key) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                serializable,
                transactionShard,
                transactionRole,
                role,
                key,
                shard,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with another {@code trunkline.shard}; null for none. */
    public SessionRouting withShard(@Nullable String shardName) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                serializable,
                transactionShard,
                transactionRole,
                role,
                shardKey,
                shardName,
                recentWriteUntilNanos,
                nowNanos);
    }

    /** Returns this with another window of read-after-write. */
    public SessionRouting withRecentWrite(long untilNanos, long atNanos) {
        return new SessionRouting(
                policy,
                transaction,
                readOnlyByDefault,
                serializable,
                transactionShard,
                transactionRole,
                role,
                shardKey,
                shard,
                untilNanos,
                atNanos);
    }
}
