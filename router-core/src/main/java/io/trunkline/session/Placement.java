// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.Settings;
import io.trunkline.health.NodeStatus;
import io.trunkline.pool.Lease;
import io.trunkline.pool.ShardPool;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.RolePreference;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.routing.TransactionScope;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.sql.TransactionMode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where one session's requests go: what routing knows of the session, folded over the requests of a batch, and where its last batch went.
 *
 * <p>Decides nothing about statements: that is done by the router of the cluster's {@link ClusterView}. Belongs to its {@link Session}.
 */
final class Placement {
    private static final Target.At PRIMARY_OF_ANY =
            new Target.At(Target.ANY_SHARD, RoleNeed.PRIMARY, Reason.SESSION, Reason.WRITE);
    private static final Target.At PRIMARY_OF_ONE =
            new Target.At(0, RoleNeed.PRIMARY, Reason.SINGLE_SHARD, Reason.POLICY);

    private static final @Nullable SessionRouting[] NOWHERE = {};
    private static final @Nullable ShardPool[] NO_POOLS = {};

    private final Session session;
    private final Worker worker;
    private final LastRoute lastRoute;
    private SessionRouting routing;
    /** What the client asked for at startup. */
    private SessionRouting.Wishes wishesAtStartup;
    /** When reads may go to replicas again, on the clock of {@link System#nanoTime}; of no use but while the routing says that something was written. */
    private long afterWriteUntilNanos;

    private @Nullable Settings readSettings;
    /** The routing of the last transaction: before it had its backend, and with it. The next one mostly goes the same way. */
    private @Nullable SessionRouting unplaced;

    private @Nullable SessionRouting placed;
    /** What {@link #placed} is on each shard, as long as {@link #unplaced} stays; shorter than the shards are many. */
    private @Nullable SessionRouting[] placedOn = NOWHERE;

    private int shard;
    private @Nullable RoleNeed placedRole;
    /** The pool of each shard, once it was asked for; shorter than the shards are many. */
    private @Nullable ShardPool[] pools = NO_POOLS;

    Placement(Session session) {
        this.session = session;
        this.worker = session.worker;
        this.lastRoute = new LastRoute(worker, session.identity.cluster());
        this.routing = SessionRouting.fresh(session.identity.readPolicy());
        this.wishesAtStartup = routing.wishes();
    }

    SessionRouting routing() {
        refreshSettings();
        if (routing.isAfterWrite() && worker.clock().nanoTime() - afterWriteUntilNanos >= 0) {
            routing = routing.withAfterWrite(false);
        }
        return routing;
    }

    void routing(SessionRouting newRouting) {
        routing = newRouting;
    }

    /** What the client asks for now is what it goes back to. */
    void keepWishes() {
        wishesAtStartup = routing.wishes();
    }

    SessionRouting.Wishes wishesAtStartup() {
        return wishesAtStartup;
    }

    /** Takes over what the settings in force mean for routing. */
    private void refreshSettings() {
        Settings current = session.settings.current();
        if (current != readSettings) {
            readSettings = current;
            TransactionDefaults defaults = TransactionDefaults.of(current);
            routing = routing.withSerializable(defaults.serializable()).withReadOnlyByDefault(defaults.readOnly());
        }
    }

    LastRoute lastRoute() {
        return lastRoute;
    }

    // where requests go

    /** Returns true when every statement of this session goes to the one primary, whatever it says. */
    boolean isFixed(ClusterView view) {
        return !view.isSharded()
                && (routing.policy() == ReadPolicy.PRIMARY && routing.wishes().role() == RolePreference.AUTO
                        || session.identity.poolMode() == PoolMode.SESSION);
    }

    /** Returns the target of a fixed session. */
    Target fixedTarget() {
        return PRIMARY_OF_ONE;
    }

    /** Returns the target of requests so far together with one more; null while none of them cares. */
    @Nullable
    Target combine(@Nullable Target target, Request request) {
        Target more = request.target;
        if (more == null) {
            return target;
        }
        return target == null || target == more
                ? more
                : Targets.combine(session.view().table(), target, more);
    }

    /** Returns the target a batch is dispatched with; {@code complete} is false when more of the group may follow. */
    Target settle(@Nullable Target target, boolean complete) {
        if (!(target instanceof Target.At at)) {
            return target == null ? PRIMARY_OF_ANY : target;
        }
        // What follows may write, and the group cannot move then.
        return complete || !at.role().allowsReplica()
                ? at
                : new Target.At(at.shard(), RoleNeed.PRIMARY, at.shardReason(), Reason.IN_TRANSACTION);
    }

    /** Returns true when requests may be sent while earlier ones are unanswered, because they could not go anywhere else. */
    boolean isOnOnlyPrimary() {
        return placedRole == RoleNeed.PRIMARY && !session.view().isSharded();
    }

    // how a batch gets there

    /** A batch is about to be sent there. */
    void placing(Target.At at) {
        ClusterView view = session.view();
        shard = Math.min(at.shardOr(shard), view.table().shardCount() - 1);
        lastRoute.placing(view.table().shardName(shard), at);
    }

    /** Returns the pool of the shard the batch goes to. */
    ShardPool pool() {
        // A pool stays as long as the router runs.
        ShardPool known = shard < pools.length ? pools[shard] : null;
        if (known == null) {
            known = worker.pool(session.view(), session.identity, shard);
            pools = Arrays.copyOf(pools, Math.max(pools.length, shard + 1));
            pools[shard] = known;
        }
        return known;
    }

    static ShardPool.Role poolRole(Target.At at) {
        return switch (at.role()) {
            case ANY, PRIMARY -> ShardPool.Role.PRIMARY;
            case REPLICA_ALLOWED -> ShardPool.Role.PREFER_REPLICA;
            case REPLICA -> ShardPool.Role.REPLICA;
        };
    }

    /** A backend was leased for the batch. */
    void placed(Lease lease) {
        RoleNeed role = lease.node().state() == NodeStatus.State.PRIMARY ? RoleNeed.PRIMARY : RoleNeed.REPLICA;
        placedRole = role;
        if (!isFixed(session.view())) {
            place(role);
        }
        lastRoute.placed(role, lease.backend().target().node());
    }

    private void place(RoleNeed role) {
        if (routing != unplaced) {
            unplaced = routing;
            Arrays.fill(placedOn, null);
        }
        SessionRouting known = shard < placedOn.length ? placedOn[shard] : null;
        if (known == null || known.transaction().role() != role) {
            known = routing.placedOn(shard, role);
            placedOn = Arrays.copyOf(placedOn, Math.max(placedOn.length, shard + 1));
            placedOn[shard] = known;
        }
        placed = known;
        routing = known;
    }

    /** The backend was given back, or is lost. */
    void released() {
        placedRole = null;
        SessionRouting before = unplaced;
        if (routing == placed && before != null && before.transaction().scope() == TransactionScope.NONE) {
            // Nothing was said in it that ends with it.
            routing = before;
        } else if (routing.isPlaced() || routing.transaction().scope() != TransactionScope.NONE) {
            routing = routing.begin(TransactionScope.NONE);
            // The isolation of the transaction goes with it.
            readSettings = null;
        }
    }

    /** A BEGIN was answered here: statements are placed as part of its transaction from now on. */
    void begun(TransactionMode mode) {
        boolean readOnly = mode.readOnly() == TransactionMode.Choice.YES
                || mode.readOnly() == TransactionMode.Choice.UNSAID
                        && TransactionDefaults.of(session.settings.current()).readOnly();
        routing = routing.begin(readOnly ? TransactionScope.READ_ONLY : TransactionScope.READ_WRITE);
        if (mode.serializable() != TransactionMode.Choice.UNSAID) {
            routing = routing.withSerializable(mode.serializable() == TransactionMode.Choice.YES);
        }
        routing = routing.withCrossing(session.shards.mayCross() && !routing.serializable());
    }

    /** The open transaction was given other characteristics. */
    void said(TransactionMode mode) {
        if (routing.transaction().scope() == TransactionScope.NONE) {
            return;
        }
        if (mode.readOnly() == TransactionMode.Choice.NO
                && routing.transaction().scope() == TransactionScope.READ_ONLY) {
            // What it writes has to be committed everywhere.
            routing = routing.within(TransactionScope.READ_WRITE);
        }
        if (mode.serializable() == TransactionMode.Choice.YES) {
            routing = routing.withSerializable(true);
            session.shards.staysHere();
        }
    }

    /** The transaction stays on its shard from now on. */
    void staysHere() {
        routing = routing.withCrossing(false);
    }

    /** The transaction goes on on another of its shards. */
    void movedTo(int newShard, String node) {
        shard = newShard;
        RoleNeed known = routing.transaction().role();
        RoleNeed role = known == RoleNeed.ANY ? RoleNeed.PRIMARY : known;
        routing = routing.placedOn(newShard, role);
        lastRoute.placing(
                session.view().table().shardName(newShard),
                new Target.At(newShard, role, Reason.KEY, Reason.IN_TRANSACTION));
        lastRoute.placed(role, node);
    }

    /** Returns which nodes of other shards may take part in the transaction. */
    ShardPool.Role transactionPoolRole() {
        return routing.transaction().role() == RoleNeed.REPLICA ? ShardPool.Role.REPLICA : ShardPool.Role.PRIMARY;
    }

    /** Returns true when the transaction writes nothing, by its own word or by where it runs. */
    boolean isReadOnlyTransaction() {
        return routing.transaction().scope() == TransactionScope.READ_ONLY
                || routing.transaction().role() == RoleNeed.REPLICA;
    }

    /** Returns the shard of the last batch. */
    int shard() {
        return shard;
    }

    /** Returns true when some of the session's reads may go to a replica, by policy or by its own wish. */
    boolean readsReplicas() {
        return routing.policy() != ReadPolicy.PRIMARY || routing.wishes().role() == RolePreference.PREFER_REPLICA;
    }

    /** Something was written: reads stay with the primary for a time, also those that a hint or a later wish sends to a replica. */
    void wrote() {
        afterWriteUntilNanos = worker.clock().nanoTime() + session.identity.readAfterWriteNanos();
        routing = routing.withAfterWrite(true);
    }
}
