// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.routing.Target;
import io.trunkline.scatter.SuspendedQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The queries over several shards that one client has left in the middle, by the names of its portals.
 *
 * <p>They live until the transaction ends. Belongs to the session's {@link Portals}.
 */
final class SuspendedPortals {
    /** What an entry takes beside its rows, roughly. */
    private static final int ENTRY_BYTES = 2_000;
    /** Portals that are closed before their transaction ends; more stay open on the shards until then. */
    private static final int STALE_MAX = 1_000;

    /**
     * One of them.
     *
     * @param target where it runs
     * @param doubted whether a savepoint was rolled back to since, behind which its portals may have been made
     */
    record Entry(SuspendedQuery query, Target.Scatter target, boolean doubted) {}

    private final Map<String, Entry> entries = new HashMap<>();
    /** Names that portals have on shards, and nobody needs any more. */
    private final List<String> stale = new ArrayList<>();

    void put(String name, SuspendedQuery query, Target.Scatter target) {
        close(name);
        entries.put(name, new Entry(query, target, false));
    }

    @Nullable
    Entry get(String name) {
        return entries.get(name);
    }

    /** Returns one that is gone on with, or null when there is none of that name. */
    @Nullable
    Entry take(String name) {
        return entries.remove(name);
    }

    /** The client closes a portal, or makes another one of that name. */
    void close(String name) {
        Entry closed = entries.remove(name);
        if (closed != null) {
            closed.query().close();
            isStale(closed.query().portal());
        }
    }

    /** Returns what closes a portal when the client's Close is answered. */
    ReplyEffect closing(String name) {
        return new ReplyEffect() {
            @Override
            public void onConfirmed() {
                close(name);
            }

            @Override
            public void onUndone() {
                // the transaction has failed, and its portals end with it
            }
        };
    }

    /** Portals of that name on shards are not needed any more. */
    void isStale(String shardPortal) {
        if (stale.size() < STALE_MAX) {
            stale.add(shardPortal);
        }
    }

    /** Returns their names, which are closed now. */
    List<String> takeStale() {
        List<String> taken = List.copyOf(stale);
        stale.clear();
        return taken;
    }

    /** A savepoint was rolled back to. */
    void rolledBack() {
        entries.replaceAll((name, entry) -> new Entry(entry.query(), entry.target(), true));
    }

    /** Returns how many bytes all of them keep, roughly. */
    long keptBytes() {
        long bytes = (long) entries.size() * ENTRY_BYTES;
        for (Entry entry : entries.values()) {
            bytes += entry.query().queuedBytes();
        }
        return bytes;
    }

    void clear() {
        entries.values().forEach(entry -> entry.query().close());
        entries.clear();
        stale.clear();
    }
}
