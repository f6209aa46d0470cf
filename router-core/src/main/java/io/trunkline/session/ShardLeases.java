// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.Settings;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.pool.LeaseRequest;
import io.trunkline.pool.ShardPool;
import io.trunkline.routing.ShardSet;
import io.trunkline.wire.ErrorResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gets one backend of each of several shards for a session, with the session's settings: one shard after the other in the order of their numbers,
 * so that two sessions never wait for what the other holds.
 *
 * <p>Owns what it has leased until all are there. Used once; confined to the session's event loop.
 */
final class ShardLeases implements LeaseRequest {

    /** Hears how it ended; exactly one of these, unless it was withdrawn. */
    interface Listener {
        /** All are there, in the order of the shards; the listener owns them. */
        void onLeased(List<Lease> leases);

        /** One is not to be had, and none is held. */
        void onRefused(RouterError error);
    }

    private final Session session;
    private final ShardSet shards;
    private final ShardPool.Role role;
    private final Settings settings;
    private final Listener listener;
    private final List<Lease> leases = new ArrayList<>();
    private int shard = -1;
    /** The pool that has been asked and has not answered, or null. */
    private @Nullable ShardPool asked;

    private boolean over;

    /**
     * Sets it up.
     *
     * @param settings what the backends are to carry
     */
    ShardLeases(Session session, ShardSet shards, ShardPool.Role role, Settings settings, Listener listener) {
        this.settings = settings;
        this.session = session;
        this.shards = shards;
        this.role = role;
        this.listener = listener;
    }

    /** Asks for the next one, or hands over all; the listener may hear from inside this call. */
    void leaseNext() {
        do {
            shard++;
        } while (shard < shards.shardCount() && !shards.contains(shard));
        if (shard == shards.shardCount()) {
            over = true;
            listener.onLeased(leases);
            return;
        }
        ShardPool pool = session.worker.pool(session.view(), session.identity, shard);
        asked = pool;
        pool.lease(role, this);
    }

    /** Ends the wait and gives back what was leased. */
    void withdraw() {
        if (!over) {
            ShardPool pool = asked;
            if (pool != null) {
                pool.withdraw(this);
            }
            giveBack();
        }
    }

    private void giveBack() {
        over = true;
        leases.forEach(Lease::release);
        leases.clear();
    }

    @Override
    public Settings settings() {
        return settings;
    }

    @Override
    public String user() {
        return session.identity.user();
    }

    @Override
    public void onLeased(Lease lease) {
        asked = null;
        if (over) {
            lease.release();
            return;
        }
        BackendConnection backend = lease.backend();
        String commands = SessionSettings.difference(backend.settings(), settings);
        if (commands.isEmpty()) {
            leases.add(lease);
            leaseNext();
            return;
        }
        SettingsReplay.run(backend, commands, settings, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (over) {
                    lease.release();
                } else {
                    leases.add(lease);
                    leaseNext();
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                String node = backend.target().node();
                if (backend.isOpen()) {
                    // It took all of the settings or none.
                    lease.release();
                    refuse(RouterErrors.settingsRefused(node, error));
                } else {
                    lease.discard("lost");
                    session.worker.suspect(backend.target());
                    refuse(RouterErrors.transactionLost(node));
                }
            }
        });
    }

    @Override
    public void onRefused(RouterError error) {
        asked = null;
        refuse(error);
    }

    private void refuse(RouterError error) {
        if (!over) {
            giveBack();
            listener.onRefused(error);
        }
    }
}
