// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

/** A backend or the client's own connection was lost in the middle of a step, as it may be while backends are made to die. */
final class SoakInterrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String sqlState;

    SoakInterrupted(String sqlState) {
        super(sqlState, null, false, false);
        this.sqlState = sqlState;
    }

    /** Returns what the client was told; empty when its connection ended. */
    String sqlState() {
        return sqlState;
    }
}
