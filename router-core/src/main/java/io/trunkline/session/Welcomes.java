// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReportedParameters;
import io.trunkline.backend.Settings;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What backends report to a session with given startup settings, learnt from the first of its kind, so that later logins need no backend.
 *
 * <p>One per event loop; the least recently used go first.
 */
final class Welcomes {
    private static final int KEPT_MAX = 1_000;

    private record Key(String cluster, String database, String user, Settings startup) {}

    private final Map<Key, ReportedParameters> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, ReportedParameters> eldest) {
            return size() > KEPT_MAX;
        }
    };

    @Nullable
    ReportedParameters find(SessionIdentity identity, Settings startup) {
        return known.get(key(identity, startup));
    }

    void learn(SessionIdentity identity, Settings startup, ReportedParameters reported) {
        known.put(key(identity, startup), reported);
    }

    /** Forgets what was learnt of a cluster: its nodes may report something else now. */
    void forget(String cluster) {
        known.keySet().removeIf(key -> key.cluster.equals(cluster));
    }

    private static Key key(SessionIdentity identity, Settings startup) {
        return new Key(identity.cluster(), identity.backendDatabase(), identity.backendUser(), startup);
    }
}
