// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who may log in. Answers at once, from memory; implementations are immutable or safe for all event loops. */
public interface UserDirectory {

    /** Returns the user with that name, or null when there is none. */
    @Nullable
    UserEntry find(String user);

    /**
     * Returns an immutable directory of these users.
     *
     * @throws IllegalArgumentException when a name comes twice
     */
    static UserDirectory of(Collection<UserEntry> users) {
        Map<String, UserEntry> byName = new HashMap<>();
        for (UserEntry user : users) {
            if (byName.put(user.name(), user) != null) {
                throw new IllegalArgumentException("user \"" + user.name() + "\" is listed twice");
            }
        }
        return byName::get;
    }
}
