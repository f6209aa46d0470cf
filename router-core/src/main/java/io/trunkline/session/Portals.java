// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.prepared.PreparedStatement;
import java.util.HashMap;
import java.util.Map;
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
    private long nameBytes;

    void put(String name, PreparedStatement statement) {
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

    /** Returns how many bytes the names keep in memory, roughly. */
    long nameBytes() {
        return nameBytes;
    }

    boolean isEmpty() {
        return unnamed == null && named == null;
    }

    void clear() {
        unnamed = null;
        named = null;
        nameBytes = 0;
    }
}
