// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnection.QueryListener;
import io.trunkline.backend.Settings;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives a backend the settings of a session.
 *
 * <p>The commands are sent as UTF-8, and a server reads a Query by the {@code client_encoding} that holds when the message arrives, whatever its
 * first statement says. So where there is more than ASCII in them and the backend has another encoding from its last session, it gets UTF-8 by a
 * Query of its own before, and the session's encoding behind.
 */
final class SettingsReplay {
    static final String CLIENT_ENCODING = "client_encoding";

    private static final int RESULT_ROWS_MAX = 1_000;
    private static final String UTF8 = SessionSettings.setCommand(CLIENT_ENCODING, "'UTF8'");

    private SettingsReplay() {}

    /** Returns true when the backend reads the commands as they are meant. */
    static boolean isRead(BackendConnection backend, String commands) {
        return isAscii(commands) || isUtf8(backend.reported().clientEncoding());
    }

    /** Returns true for an encoding under which UTF-8 reaches the server unchanged. */
    static boolean isUtf8(String encoding) {
        return encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
    }

    /**
     * Runs the commands that lead to the wanted settings. The backend's settings are noted when it has them; when the listener hears of an error it has
     * those that are noted.
     *
     * @param commands by {@link SessionSettings#difference}; not empty
     */
    static void run(BackendConnection backend, String commands, Settings wanted, QueryListener listener) {
        if (isRead(backend, commands)) {
            backend.query(commands, RESULT_ROWS_MAX, new Noting(backend, wanted, listener));
            return;
        }
        Settings between = backend.settings().with(CLIENT_ENCODING, UTF8);
        String encoding = wanted.get(CLIENT_ENCODING);
        String all = commands + "; " + (encoding == null ? "RESET " + CLIENT_ENCODING : encoding);
        backend.query(UTF8, RESULT_ROWS_MAX, new Noting(backend, between, new QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                backend.query(all, RESULT_ROWS_MAX, new Noting(backend, wanted, listener));
            }

            @Override
            public void onError(ErrorResponse error) {
                listener.onError(error);
            }
        }));
    }

    static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7F) {
                return false;
            }
        }
        return true;
    }

    /** Notes what the backend has before it says so. */
    private record Noting(BackendConnection backend, Settings settings, QueryListener listener)
            implements QueryListener {
        @Override
        public void onRows(List<List<@Nullable String>> rows) {
            backend.noteSettings(settings);
            listener.onRows(rows);
        }

        @Override
        public void onError(ErrorResponse error) {
            listener.onError(error);
        }
    }
}
