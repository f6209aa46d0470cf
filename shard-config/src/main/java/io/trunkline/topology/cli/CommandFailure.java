// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

/** Why a command cannot do what it was told, for causes that lie in the command itself. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Outcome outcome;

    CommandFailure(Outcome outcome, String message) {
        super(message, null, false, false);
        this.outcome = outcome;
    }

    Outcome outcome() {
        return outcome;
    }
}
