// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.wire.ProtocolViolation;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one backend reports of its parameters: the last values, and which of them its holder is still to be told.
 *
 * <p>Withheld are values that a statement of the router's own may yet change within the same answer: a client hears only the last of each, as from
 * a server, which reports once before ReadyForQuery. One per {@link BackendConnection}; confined to its event loop.
 */
final class ParameterReports {

    private enum State {
        PASSING,
        WITHHOLDING
    }

    private State state = State.PASSING;
    private ReportedParameters current;
    private Map<String, String> withheld = Map.of();

    /** Begins with what was reported at login. */
    ParameterReports(ReportedParameters reported) {
        this.current = reported;
    }

    /** Returns the last values. */
    ReportedParameters current() {
        return current;
    }

    /**
     * Takes a value; returns true when the holder is to be told it now.
     *
     * @throws ProtocolViolation when it is one parameter more than a server has
     */
    boolean note(String name, String value) {
        if (current.count() >= ReportedParameters.COUNT_MAX && current.get(name) == null) {
            throw ProtocolViolation.fatal("more than " + ReportedParameters.COUNT_MAX + " reported parameters");
        }
        current = current.with(name, value);
        if (state == State.WITHHOLDING) {
            withheld.put(name, value);
        }
        return state == State.PASSING;
    }

    /** Keeps what is reported from now on until {@link #takeWithheld}. */
    void withhold() {
        if (state == State.PASSING) {
            state = State.WITHHOLDING;
            withheld = new LinkedHashMap<>();
        }
    }

    /** Ends the withholding; returns what was kept, the last value of each in the order first reported. */
    Map<String, String> takeWithheld() {
        Map<String, String> taken = withheld;
        state = State.PASSING;
        withheld = Map.of();
        return taken;
    }
}
