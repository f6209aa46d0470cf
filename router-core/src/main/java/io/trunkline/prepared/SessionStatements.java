// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client's names for prepared statements. The empty name is the unnamed statement.
 *
 * <p>A PREPARE that was not translated takes names of the same space, of statements that only the client's backend knows. Created without a map: most clients never name a statement.
 */
public final class SessionStatements {
    /** What an entry of a map takes beside its name, roughly. */
    private static final int ENTRY_BYTES = 100;

    private @Nullable Map<String, PreparedStatement> named;
    private @Nullable Set<String> bySql;
    private @Nullable Set<PreparedStatement> described;
    private @Nullable PreparedStatement unnamed;
    private long nameBytes;
    private long textBytes;

    /** Returns the statement of a name, or null. */
    public @Nullable PreparedStatement get(String name) {
        if (name.isEmpty()) {
            return unnamed;
        }
        return named == null ? null : named.get(name);
    }

    /** Returns how many statements have a name. */
    public int namedCount() {
        return (named == null ? 0 : named.size()) + (bySql == null ? 0 : bySql.size());
    }

    /** Returns how many bytes the names keep in memory, roughly. */
    public long nameBytes() {
        return nameBytes;
    }

    /** Returns how many bytes the named statements keep in memory, roughly; other clients may share them. */
    public long textBytes() {
        return textBytes;
    }

    /** Returns true when a PREPARE that was not translated took the name. */
    public boolean isPreparedBySql(String name) {
        return bySql != null && bySql.contains(name);
    }

    /** Notes that a PREPARE that was not translated took a name, or that it is free again. */
    public void preparedBySql(String name, boolean taken) {
        if (taken) {
            if (bySql == null) {
                bySql = new HashSet<>();
            }
            nameBytes += bySql.add(name) ? sizeBytes(name) : 0;
        } else if (bySql != null) {
            nameBytes -= bySql.remove(name) ? sizeBytes(name) : 0;
        }
    }

    /** Returns true when the client was told which columns the named statement, or a portal of it, returns. */
    public boolean isDescribed(PreparedStatement statement) {
        return described != null && described.contains(statement);
    }

    /** Notes that the client was told which columns a named statement returns. */
    public void described(PreparedStatement statement) {
        if (described == null) {
            described = new HashSet<>();
        }
        described.add(statement);
        if (described.size() > 2 * namedCount() + 16) {
            // Some were closed before the reply to their Describe came.
            described.retainAll(named == null ? Set.of() : new HashSet<>(named.values()));
        }
    }

    /** Gives a name to a statement, or takes the name away when null. */
    public void put(String name, @Nullable PreparedStatement statement) {
        PreparedStatement before = get(name);
        if (statement != null) {
            statement.retain();
        }
        if (before != null) {
            before.release();
            if (described != null && before != statement) {
                described.remove(before);
            }
        }
        if (name.isEmpty()) {
            unnamed = statement;
        } else if (statement != null) {
            if (named == null) {
                named = new HashMap<>();
            }
            count(name, named.put(name, statement), -1);
            count(name, statement, 1);
        } else if (named != null) {
            count(name, named.remove(name), -1);
        }
    }

    private void count(String name, @Nullable PreparedStatement statement, int times) {
        if (statement != null) {
            nameBytes += times * sizeBytes(name);
            textBytes += times * (long) statement.sizeBytes();
        }
    }

    private static long sizeBytes(String name) {
        return name.length() + ENTRY_BYTES;
    }

    /** A simple Query destroys the unnamed statement. */
    public void forgetUnnamed() {
        if (unnamed != null) {
            put("", null);
        }
    }

    /** All names at one moment, taken from their session. */
    public final class Names {
        private final @Nullable Map<String, PreparedStatement> takenNamed = named;
        private final @Nullable Set<String> takenBySql = bySql;
        private final @Nullable Set<PreparedStatement> takenDescribed = described;
        private final long takenNameBytes = nameBytes;
        private final long takenTextBytes = textBytes;

        private Names() {}

        /** Gives the names back, and forgets those that were given since. */
        public void restore() {
            if (named != null) {
                named.values().forEach(PreparedStatement::release);
            }
            named = takenNamed;
            bySql = takenBySql;
            described = takenDescribed;
            nameBytes = takenNameBytes;
            textBytes = takenTextBytes;
        }

        /** Lets go of the statements: the names do not come back. */
        public void release() {
            if (takenNamed != null) {
                takenNamed.values().forEach(PreparedStatement::release);
            }
        }
    }

    /** Takes all names, as DEALLOCATE ALL does; the unnamed statement stays. */
    public Names takeNamed() {
        Names taken = new Names();
        nameBytes = 0;
        textBytes = 0;
        named = null;
        bySql = null;
        described = null;
        return taken;
    }

    /** Forgets everything; the session ends. */
    public void clear() {
        forgetUnnamed();
        takeNamed().release();
    }
}
