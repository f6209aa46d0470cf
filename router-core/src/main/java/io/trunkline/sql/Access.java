// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** What a statement demands of the node that runs it. */
public enum Access {
    /**
     * A replica may run it, provided that every function and operator it names is known not to write, and no relation hides one: the names are in
     * the {@link StatementShape}.
     */
    READ,
    /** The primary must run it. Also everything that was not understood. */
    WRITE,
    /** It does not matter: transaction control, settings, and whatever only makes sense where the session already is. */
    NEUTRAL
}
