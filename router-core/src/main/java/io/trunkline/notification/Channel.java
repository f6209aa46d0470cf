// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import java.util.LinkedHashSet;
import java.util.Set;

/** One channel of one {@link ListeningBackend} and the sessions that have joined it. */
final class Channel {
    /** What of it is known to the backend. */
    enum State {
        /** LISTEN has not been sent, or not to the backend of now. */
        UNHEARD,
        /** LISTEN is on its way. */
        ASKED,
        /** The backend listens. */
        LISTENED,
        /** UNLISTEN is on its way. */
        LEAVING
    }

    private final String name;
    final Set<Subscriber> subscribers = new LinkedHashSet<>();
    State state = State.UNHEARD;
    /** When the last subscriber left; counts only while there is none. */
    long leftNanos;

    Channel(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    boolean isWanted() {
        return !subscribers.isEmpty();
    }

    /** Appends a command about this channel. */
    void writeTo(StringBuilder sql, String command) {
        sql.append(command).append(" \"").append(name.replace("\"", "\"\"")).append("\";");
    }
}
