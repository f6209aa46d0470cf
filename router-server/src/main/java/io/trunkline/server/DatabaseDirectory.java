// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.SharedAcrossLoops;
import io.trunkline.frontend.ClientIdentity;
import io.trunkline.pool.PoolCatalog;
import io.trunkline.pool.PoolSettings;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.server.config.DatabaseConfig;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.config.UserConfig;
import io.trunkline.session.SessionIdentity;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.topology.Database;
import io.trunkline.topology.Topology;
import io.trunkline.transport.SessionGate;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What configuration and topology in force say together of the databases clients can enter. */
@SharedAcrossLoops("one volatile reference to an immutable topology; the configuration never changes")
final class DatabaseDirectory implements SessionGate.Databases, PoolCatalog {
    private final RouterConfig config;
    private final Map<String, UserConfig> users;
    private volatile @Nullable Topology topology;

    /**
     * Creates a directory without databases.
     *
     * @param users what is configured of each user, by name
     */
    DatabaseDirectory(RouterConfig config, Map<String, UserConfig> users) {
        this.config = config;
        this.users = users;
    }

    /** Takes a newer topology. */
    void onTopology(Topology newer) {
        topology = newer;
    }

    @Override
    public boolean areKnown() {
        return topology != null;
    }

    @Override
    public @Nullable SessionIdentity find(ClientIdentity client) {
        Topology known = topology;
        Database database =
                known == null ? null : known.database(client.database()).orElse(null);
        if (database == null) {
            return null;
        }
        DatabaseConfig settings = config.database(database.name());
        return new SessionIdentity(
                client.user().name(),
                database.name(),
                database.cluster(),
                database.backendName(),
                client.user().backend().role(),
                poolMode(settings),
                readPolicy(settings),
                settings.readAfterWrite().toNanos(),
                CoreSettings.mayGiveHints(settings, users.get(client.user().name())),
                CoreSettings.sessionTimeouts(
                        config, settings, users.get(client.user().name())));
    }

    /** Returns true when a client that logs in now would get the same database of the same cluster. From any thread. */
    boolean leadsTo(SessionIdentity session) {
        Topology known = topology;
        return known != null
                && known.database(session.database())
                        .filter(database -> database.cluster().equals(session.cluster())
                                && database.backendName().equals(session.backendDatabase()))
                        .isPresent();
    }

    /**
     * The settings of the first database of the topology that stands for the node's database: pools are shared by all that do.
     */
    @Override
    public PoolSettings settings(String cluster, String database, String user) {
        Topology known = topology;
        List<Database> databases = known == null ? List.of() : known.databases();
        DatabaseConfig settings = databases.stream()
                .filter(one ->
                        one.cluster().equals(cluster) && one.backendName().equals(database))
                .findFirst()
                .map(one -> config.database(one.name()))
                .orElse(config.defaults());
        return CoreSettings.pool(config, settings);
    }

    private static PoolMode poolMode(DatabaseConfig settings) {
        return switch (settings.poolMode()) {
            case TRANSACTION -> PoolMode.TRANSACTION;
            case SESSION -> PoolMode.SESSION;
        };
    }

    private static ReadPolicy readPolicy(DatabaseConfig settings) {
        return switch (settings.readPolicy()) {
            case PRIMARY -> ReadPolicy.PRIMARY;
            case PREFER_REPLICA -> ReadPolicy.PREFER_REPLICA;
            case REPLICA -> ReadPolicy.REPLICA;
        };
    }
}
