// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ReplyEffect;
import io.trunkline.routing.ShardSet;
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
    /** Portals that are closed before their transaction ends; more stay open on the shards until then. */
    private static final int STALE_MAX = 1_000;

    /** One of them. */
    static final class Entry {
        private final boolean cursor;
        private final ShardSet shards;
        private final long since;
        private @Nullable SuspendedQuery query;

        private Entry(boolean cursor, ShardSet shards, long since) {
            this.cursor = cursor;
            this.shards = shards;
            this.since = since;
        }

        /** Returns true for a cursor of DECLARE. */
        boolean isCursor() {
            return cursor;
        }

        /** Returns where it is: on one shard by its own name, on several by a name of the router's. */
        ShardSet shards() {
            return shards;
        }

        boolean isOverShards() {
            return shards.size() > 1;
        }

        /** Returns what is gone on with over several shards; null while that runs, and after it has failed. */
        @Nullable
        SuspendedQuery query() {
            return query;
        }
    }

    private final Map<String, Entry> entries = new HashMap<>();
    private final SavepointMarks savepoints = new SavepointMarks();
    /** Names that portals have on shards, and nobody needs any more. */
    private final List<String> stale = new ArrayList<>();

    /** A query over several shards is left, or a cursor over them declared. */
    void suspend(String name, SuspendedQuery query, ShardSet shards, boolean cursor) {
        Entry entry = entries.get(name);
        if (entry == null || entry.query != null) {
            close(name);
            entry = new Entry(cursor, shards, savepoints.next());
            entries.put(name, entry);
        }
        entry.query = query;
    }

    /** A cursor was declared on one shard. */
    void declare(String name, ShardSet shard) {
        entries.put(name, new Entry(true, shard, savepoints.next()));
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

    /** One that was gone on with has come to its end, and is closed on the shards when there is an occasion. */
    void ended(String name, String shardPortal) {
        Entry entry = entries.get(name);
        if (entry != null && entry.query == null) {
            entries.remove(name);
        }
        isStale(shardPortal);
    }

    /** The client closes a portal or cursor, or makes another one of that name. */
    void close(String name) {
        Entry closed = entries.remove(name);
        if (closed != null && closed.query != null) {
            closed.query.close();
            isStale(closed.query.portal());
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
        if (stale.size() < STALE_MAX) {
            stale.add(shardPortal);
        }
    }

    /** Returns the names of portals on shards that are closed now. */
    List<String> takeStale() {
        List<String> taken = List.copyOf(stale);
        stale.clear();
        return taken;
    }

    // savepoints

    /** One before the first entry needs no mark, because what it undoes is everything. */
    void savepoint(String name) {
        if (!entries.isEmpty()) {
            savepoints.add(name);
        }
    }

    void release(String name) {
        savepoints.release(name);
    }

    /** What was made behind the savepoint is gone on the shards, too. */
    void rolledBackTo(String name) {
        long mark = savepoints.rollBackTo(name);
        entries.values().removeIf(entry -> {
            boolean gone = entry.since > mark;
            if (gone) {
                drop(entry);
            }
            return gone;
        });
    }

    private static void drop(Entry entry) {
        if (entry.query != null) {
            entry.query.close();
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
