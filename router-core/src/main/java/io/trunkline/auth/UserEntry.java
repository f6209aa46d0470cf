// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One user as clients name it.
 *
 * @param name what the client sends as {@code user}, at most 63 bytes of UTF-8
 * @param method how it logs in
 * @param verifier what its password is checked against; null only with {@link LoginMethod#TRUST}
 * @param backend as whom its statements run on the nodes
 * @param databases the databases it may enter, as clients name them; {@link #ALL_DATABASES} for every one
 */
public record UserEntry(
        String name,
        LoginMethod method,
        @Nullable ScramVerifier verifier,
        BackendCredentials backend,
        Set<String> databases) {
    /** Allows every database. */
    public static final Set<String> ALL_DATABASES = Set.of("*");

    /** PostgreSQL's NAMEDATALEN − 1. */
    public static final int NAME_BYTES_MAX = 63;

    public UserEntry {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > NAME_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "user name of " + bytes + " bytes (expected: 1.." + NAME_BYTES_MAX + ")");
        }
        if (method == LoginMethod.SCRAM_SHA_256 && verifier == null) {
            throw new IllegalArgumentException("user \"" + name + "\" has neither password nor verifier");
        }
        databases = Set.copyOf(databases);
    }

    /** Returns true when the user may enter a database. */
    public boolean mayEnter(String database) {
        return databases.contains(database) || databases.equals(ALL_DATABASES);
    }
}
