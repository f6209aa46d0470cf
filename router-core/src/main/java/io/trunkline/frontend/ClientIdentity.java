// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.trunkline.auth.UserEntry;

/**
 * An authenticated client. Its {@code user} and {@code database} are the only ones that may be used for authorisation and for choosing a
 * pool: whatever else the startup packet said was not checked.
 *
 * @param user who it proved to be
 * @param startup what it asked for
 */
public record ClientIdentity(UserEntry user, ClientStartup startup) {

    /** Returns the database the client entered, as clients name it. */
    public String database() {
        return startup.database();
    }
}
