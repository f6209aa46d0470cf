// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The passwords the router itself logs in with, by role. Answers at once; immutable or safe for all event loops. */
public interface RolePasswords {

    /** Returns the password of a role, or null when the router has none for it. */
    @Nullable
    Password find(String role);

    /**
     * Returns the passwords of all backend credentials, the service role's included.
     *
     * @throws IllegalArgumentException when a role comes with two different passwords
     */
    static RolePasswords of(Collection<BackendCredentials> credentials) {
        Map<String, Password> byRole = new HashMap<>();
        for (BackendCredentials one : credentials) {
            Password password = one.password();
            if (password == null) {
                continue;
            }
            Password other = byRole.put(one.role(), password);
            if (other != null && !other.equals(password)) {
                throw new IllegalArgumentException("role \"" + one.role() + "\" has two different backend passwords");
            }
        }
        return byRole::get;
    }
}
