// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.routing.ShardSet;
import io.trunkline.routing.Target;
import io.trunkline.scatter.SuspendedQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one client has open by name in a transaction that comes to several shards: the queries over several shards that it has left in the middle, and the
 * cursors of DECLARE with the shards they are on.
 *
 * <p>They live until the transaction ends, or a savepoint is rolled back to that is older. Belongs to the session's {@link Portals}.
 */
final class ShardPortals {
    /** What an entry takes beside its name, roughly. */
    private static final int NAME_BYTES = 200;
    /** What a query takes beside its rows, roughly. */
    private static final int ENTRY_BYTES = 2_000;
    /** Portals that are closed with the next statement; more stay open on the shards until the transaction ends. */
    private static final int STALE_MAX = 1_000;

    /** One of them. */
    static final class Entry {
        private final boolean cursor;
        private final int shard;
        private final @Nullable ShardSet shards;
        private final long since;
        private @Nullable SuspendedQuery query;
        /** The name of its portals on the shards, and since when it is that one. */
        private String portal = "";

        /** The name of those its rows were collected by; empty when it has no other ones. */
        private String formerPortal = "";

        private long portalSince;
        private boolean undone;

        private Entry(boolean cursor, int shard, @Nullable ShardSet shards, long since) {
            this.cursor = cursor;
            this.shard = shard;
            this.shards = shards;
            this.since = since;
        }

        /** Returns true for a cursor of DECLARE. */
        boolean isCursor() {
            return cursor;
        }

        /** Returns the shards it is on by a name of the router's; null when it is on one by its own name. */
        @Nullable
        ShardSet shards() {
            return shards;
        }

        /** Returns the shard of a cursor that is on one. */
        int shard() {
            return shard;
        }

        /** Returns what is gone on with over several shards; null while that runs, and after it has failed or was undone. */
        @Nullable
        SuspendedQuery query() {
            return query;
        }

        /** Returns true when a ROLLBACK TO has taken the portal that its first rows have made of it, but not itself. */
        boolean isUndone() {
            return undone;
        }
    }

    private final Map<String, Entry> entries = new HashMap<>();
    private final SavepointMarks savepoints = new SavepointMarks();
    /** Names that portals have on shards, and nobody needs any more. */
    private final List<String> stale = new ArrayList<>();

    /** A query over several shards is left, or a cursor over them declared. */
    void suspend(String name, SuspendedQuery query, ShardSet shards, boolean cursor) {
        Entry entry = entries.get(name);
        if (entry == null || entry.shards == null || entry.query != null) {
            close(name);
            entry = new Entry(cursor, Target.ANY_SHARD, shards, savepoints.next());
            entries.put(name, entry);
        }
        entry.query = query;
        if (!query.portal().equals(entry.portal)) {
            // As long as the cursor is open so is the portal of its query, even if its rows come from another one now.
            entry.formerPortal = entry.portal;
            entry.portal = query.portal();
            entry.portalSince = savepoints.next();
        }
    }

    /** A cursor was declared on one shard. */
    void declare(String name, int shard) {
        entries.put(name, new Entry(true, shard, null, savepoints.next()));
    }

    @Nullable
    Entry get(String name) {
        return entries.get(name);
    }

    /** Returns the query of one that is gone on with; the entry stays without it. */
    @Nullable
    SuspendedQuery take(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            return null;
        }
        SuspendedQuery taken = entry.query;
        entry.query = null;
        return taken;
    }

    /** One that was gone on with has come to its end. */
    void ended(String name, String shardPortal) {
        Entry entry = entries.get(name);
        if (entry != null && entry.query == null) {
            entries.remove(name);
            isStale(entry.formerPortal);
        }
        isStale(shardPortal);
    }

    /** The client closes a portal or cursor, or makes another one of that name. */
    void close(String name) {
        Entry closed = entries.remove(name);
        if (closed != null && closed.shards != null) {
            drop(closed);
            isStale(closed.portal);
            isStale(closed.formerPortal);
        }
    }

    /** Every shard has heard CLOSE ALL. */
    void closeAll() {
        entries.values().forEach(ShardPortals::drop);
        entries.clear();
        stale.clear();
    }

    /** Returns what closes a portal when the client's Close is answered. */
    ReplyEffect closing(String name) {
        return new ReplyEffect() {
            @Override
            public void onConfirmed() {
                close(name);
            }
        };
    }

    private void isStale(String shardPortal) {
        if (!shardPortal.isEmpty() && stale.size() < STALE_MAX) {
            stale.add(shardPortal);
        }
    }

    /** Returns true when there are portals on shards that should be closed before anything else is done there: they hold their tables. */
    boolean hasStale() {
        return !stale.isEmpty();
    }

    /** Returns their names; they are closed now. */
    List<String> takeStale() {
        List<String> taken = List.copyOf(stale);
        stale.clear();
        return taken;
    }

    // savepoints

    /** A SAVEPOINT completed. */
    void savepoint(String name) {
        savepoints.add(name);
    }

    /** RELEASE completed. */
    void release(String name) {
        savepoints.release(name);
    }

    /** ROLLBACK TO completed: what was made behind the savepoint is gone on the shards, too. */
    void rolledBackTo(String name) {
        long mark = savepoints.rollBackTo(name);
        entries.values().removeIf(entry -> {
            boolean gone = entry.since > mark;
            if (gone || entry.portalSince > mark) {
                drop(entry);
                entry.undone = true;
            }
            return gone;
        });
    }

    private static void drop(Entry entry) {
        SuspendedQuery query = entry.query;
        if (query != null) {
            query.close();
            entry.query = null;
        }
    }

    /** Returns how many bytes their names keep in memory, roughly. */
    long nameBytes() {
        long bytes = 0;
        for (String name : entries.keySet()) {
            bytes += name.length() + NAME_BYTES;
        }
        return bytes;
    }

    /** Returns how many bytes all of them keep beside their names, roughly. */
    long keptBytes() {
        long bytes = 0;
        for (Entry entry : entries.values()) {
            bytes += entry.query == null ? 0 : ENTRY_BYTES + entry.query.keptBytes();
        }
        return bytes;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** The transaction is over. */
    void clear() {
        closeAll();
        savepoints.clear();
    }
}
