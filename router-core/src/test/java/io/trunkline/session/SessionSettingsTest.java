// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionSettingsTest {
    private static final String ROLE = "SET ROLE a";
    private static final String AUTHORIZATION = "SET SESSION AUTHORIZATION b";
    private static final String PARAMETER = "SET deadlock_timeout TO 1";

    private static String difference(Map<String, String> from, Map<String, String> to) {
        return SessionSettings.difference(Settings.of(from), Settings.of(to));
    }

    @Test
    void identitiesFollowParameters() {
        assertThat(difference(
                        Map.of(),
                        Map.of("role", ROLE, "session_authorization", AUTHORIZATION, "deadlock_timeout", PARAMETER)))
                .isEqualTo(PARAMETER + "; " + AUTHORIZATION + "; " + ROLE);
    }

    @Test
    void identitiesMakeWayForParameters() {
        assertThat(difference(Map.of("role", ROLE), Map.of("role", ROLE, "deadlock_timeout", PARAMETER)))
                .isEqualTo("RESET ROLE; " + PARAMETER + "; " + ROLE);
        assertThat(difference(Map.of("role", ROLE, "deadlock_timeout", PARAMETER), Map.of("role", ROLE)))
                .isEqualTo("RESET ROLE; RESET deadlock_timeout; " + ROLE);
        assertThat(difference(
                        Map.of("session_authorization", AUTHORIZATION),
                        Map.of("session_authorization", AUTHORIZATION, "deadlock_timeout", PARAMETER)))
                .isEqualTo("RESET SESSION AUTHORIZATION; " + PARAMETER + "; " + AUTHORIZATION);
    }

    @Test
    void theRoleIsGivenAnewWhenTheSessionAuthorizationChanges() {
        assertThat(difference(Map.of("role", ROLE, "session_authorization", AUTHORIZATION), Map.of("role", ROLE)))
                .isEqualTo("RESET SESSION AUTHORIZATION; RESET ROLE; " + ROLE);
    }

    @Test
    void equalIdentitiesStayWhereNothingElseDiffers() {
        assertThat(difference(Map.of("role", ROLE), Map.of("role", ROLE))).isEmpty();
        assertThat(difference(Map.of("role", ROLE), Map.of("role", "SET ROLE c")))
                .isEqualTo("RESET ROLE; SET ROLE c");
    }

    @Test
    void aNewSessionAuthorizationTakesTheRoleAway() {
        SessionSettings settings = new SessionSettings(Settings.NONE);
        settings.set("role", ROLE);

        settings.set("session_authorization", AUTHORIZATION);

        assertThat(settings.current().asMap()).containsOnlyKeys("session_authorization");
        settings.set("role", ROLE);
        settings.reset("session_authorization");
        assertThat(settings.current().asMap()).isEmpty();
    }
}
