// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.config.UserConfig;
import io.trunkline.session.SessionTimeouts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Timeouts of a session: those of its user, else of its database, else the defaults. */
class SessionTimeoutSettingsTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path directory;

    @Test
    void areOffUnlessConfigured() throws Exception {
        RouterConfig config = load("");

        SessionTimeouts timeouts = CoreSettings.sessionTimeouts(config, config.database("app"), null);

        assertThat(timeouts).isEqualTo(SessionTimeouts.OFF);
    }

    @Test
    void theUsersWinOverTheDatabasesAndThoseOverTheDefaults() throws Exception {
        RouterConfig config = load("""
                defaults: {query_timeout: 1s, copy_stall_timeout: 2s, transaction_timeout: 3s, idle_in_transaction_timeout: 4s, idle_timeout: 5s}
                databases: {app: {query_timeout: 11s, transaction_timeout: 13s, idle_timeout: 15s}}
                users: {inline: {a: {trust: true, query_timeout: 21s, idle_in_transaction_timeout: 24s, idle_timeout: 0s}}}
                timeouts: {cancel: 7s}
                """);
        Map<String, UserConfig> users =
                Accounts.read(config, new ConfigLoader()).configs();

        SessionTimeouts ofUser = CoreSettings.sessionTimeouts(config, config.database("app"), users.get("a"));
        SessionTimeouts ofDatabase = CoreSettings.sessionTimeouts(config, config.database("app"), users.get("b"));
        SessionTimeouts ofOther = CoreSettings.sessionTimeouts(config, config.database("other"), users.get("b"));

        assertThat(ofUser)
                .isEqualTo(new SessionTimeouts(21 * SECOND, 2 * SECOND, 13 * SECOND, 24 * SECOND, 0, 7 * SECOND));
        assertThat(ofDatabase)
                .isEqualTo(
                        new SessionTimeouts(11 * SECOND, 2 * SECOND, 13 * SECOND, 4 * SECOND, 15 * SECOND, 7 * SECOND));
        assertThat(ofOther)
                .isEqualTo(new SessionTimeouts(SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND, 5 * SECOND, 7 * SECOND));
    }

    private RouterConfig load(String yaml) throws Exception {
        return new ConfigLoader().load(Files.writeString(directory.resolve("t.yaml"), yaml));
    }
}
