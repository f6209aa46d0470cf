// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.trunkline.auth.LoginRefused;
import io.trunkline.error.RouterErrors;
import java.util.Locale;

/** The startup parameter {@code replication}, which turns a connection into a stream of the log. */
enum ReplicationMode {
    /** An ordinary connection. */
    NONE,
    /** The whole server's log. */
    PHYSICAL,
    /** One database's changes. */
    LOGICAL;

    /** Returns the mode of a value, read as {@code ProcessStartupPacket} does: {@code database} or a boolean. */
    static ReplicationMode read(String value) throws LoginRefused {
        if (value.equals("database")) {
            return LOGICAL;
        }
        String word = value.toLowerCase(Locale.ROOT);
        if (!word.isEmpty()) {
            if ("true".startsWith(word) || "yes".startsWith(word) || word.equals("on") || word.equals("1")) {
                return PHYSICAL;
            }
            // "o" may be on or off, so parse_bool refuses it.
            boolean off = word.length() > 1 && "off".startsWith(word);
            if ("false".startsWith(word) || "no".startsWith(word) || off || word.equals("0")) {
                return NONE;
            }
        }
        throw new LoginRefused(RouterErrors.invalidReplicationValue(value));
    }
}
