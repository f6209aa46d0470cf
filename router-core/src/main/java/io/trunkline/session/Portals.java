// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.Target;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The portals that one client has made by Bind: which statement each of them runs.
 *
 * <p>They live until the transaction ends, as on a server; a cursor of DECLARE is not among them. Belongs to its {@link Session}.
 */
final class Portals {
    /** What an entry of a map takes beside its name, roughly. */
    private static final int ENTRY_BYTES = 100;

    private @Nullable PreparedStatement unnamed;
    private @Nullable Map<String, PreparedStatement> named;
    /** What the statements of portals execute that are an EXECUTE; null when there is none. */
    private @Nullable Map<String, PreparedStatement> executed;
    /** Portals of the router's own statements that were bound for binary results; null when there is none. */
    private @Nullable Set<String> binary;

    /** The shard of each portal of a transaction that may come to several; null when there is none. */
    private @Nullable Map<String, Integer> shards;

    /** Portals that fetch from a cursor over several shards, and have not been executed; null when there is none. */
    private @Nullable Set<String> fetches;
    /** What is open in a transaction that comes to several shards; null when there has been none. */
    private @Nullable ShardPortals onShards;

    private long nameBytes;

    void put(String name, PreparedStatement statement) {
        if (onShards != null) {
            onShards.close(name);
        }
        fetched(name);
        if (name.isEmpty()) {
            unnamed = statement;
        } else {
            if (named == null) {
                named = new HashMap<>();
            }
            if (named.put(name, statement) == null) {
                nameBytes += name.length() + ENTRY_BYTES;
            }
        }
    }

    @Nullable
    PreparedStatement get(String name) {
        if (name.isEmpty()) {
            return unnamed;
        }
        return named == null ? null : named.get(name);
    }

    /** Returns what is open in a transaction that comes to several shards. */
    ShardPortals onShards() {
        ShardPortals all = onShards;
        if (all == null) {
            all = new ShardPortals();
            onShards = all;
        }
        return all;
    }

    /** Returns the portal over several shards, or the cursor, of that name; null when there is none, or it is not known where. */
    ShardPortals.@Nullable Entry onShards(String name) {
        return onShards == null ? null : onShards.get(name);
    }

    /** CLOSE completed: of a cursor, or null for all. */
    void closed(@Nullable String cursor) {
        if (onShards == null) {
            return;
        }
        if (cursor == null) {
            onShards.closeAll();
        } else {
            onShards.close(cursor);
        }
    }

    /** Returns true when portals over several shards, or cursors, are known. */
    boolean areOnShards() {
        return onShards != null && !onShards.isEmpty();
    }

    /** Returns true when portals on shards should be closed before anything else is done there. */
    boolean areStale() {
        return onShards != null && onShards.hasStale();
    }

    /** A SAVEPOINT completed in a transaction that may come to several shards. */
    void savepoint(String name) {
        onShards().savepoint(name);
    }

    /** RELEASE completed. */
    void release(String name) {
        if (onShards != null) {
            onShards.release(name);
        }
    }

    /** ROLLBACK TO completed. */
    void rolledBackTo(String name) {
        if (onShards != null) {
            onShards.rolledBackTo(name);
        }
    }

    /** A portal fetches from a cursor over several shards. */
    void fetches(String name) {
        if (fetches == null) {
            fetches = new HashSet<>();
        }
        fetches.add(name);
    }

    /** Returns true until such a portal has been executed. */
    boolean isFetching(String name) {
        return fetches != null && fetches.contains(name);
    }

    /** It has been executed. */
    void fetched(String name) {
        if (fetches != null) {
            fetches.remove(name);
        }
    }

    /** Notes on which shard a portal is. */
    void placedOn(String name, int shard) {
        if (shards == null) {
            shards = new HashMap<>();
        }
        shards.put(name, shard);
    }

    /** Returns the shard of a portal, or {@link Target#ANY_SHARD} when that was not noted. */
    int shard(String name) {
        Integer shard = shards == null ? null : shards.get(name);
        return shard == null ? Target.ANY_SHARD : shard;
    }

    /** Notes which statement the one of a portal executes by name, or null. */
    void executes(String name, @Nullable PreparedStatement statement) {
        if (statement != null) {
            if (executed == null) {
                executed = new HashMap<>();
            }
            executed.put(name, statement);
        } else if (executed != null) {
            executed.remove(name);
        }
    }

    /** Returns that statement, or null. */
    @Nullable
    PreparedStatement executed(String name) {
        return executed == null ? null : executed.get(name);
    }

    /** Notes in which format a portal of the router's own statement gives its results. */
    void resultFormat(String name, int format) {
        if (format != 0) {
            if (binary == null) {
                binary = new HashSet<>();
            }
            binary.add(name);
        } else if (binary != null) {
            binary.remove(name);
        }
    }

    /** Returns that format. */
    int resultFormat(String name) {
        return binary != null && binary.contains(name) ? 1 : 0;
    }

    /** Returns how many bytes the names keep in memory, roughly. */
    long nameBytes() {
        return nameBytes + (onShards == null ? 0 : onShards.nameBytes());
    }

    boolean isEmpty() {
        return unnamed == null && named == null && (onShards == null || onShards.isEmpty());
    }

    void clear() {
        unnamed = null;
        named = null;
        executed = null;
        binary = null;
        shards = null;
        fetches = null;
        if (onShards != null) {
            onShards.clear();
        }
        nameBytes = 0;
    }
}
