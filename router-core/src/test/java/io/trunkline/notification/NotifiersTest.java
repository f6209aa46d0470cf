// SPDX-License-Identifier: Apache-2.0
package io.trunkline.notification;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.BackendConnection;
import io.trunkline.testing.ScriptedBackend;
import io.trunkline.testing.TestClient;
import io.trunkline.testing.TestRouter;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A notification is a session's own only when it cannot be another's. */
class NotifiersTest {
    private static final int SESSION = 4711;
    private static final int OTHER = 4712;

    @Test
    void standsForTheOnlySessionABackendHadAndForNoneAfterAChangeOfHands() {
        try (TestRouter router = new TestRouter.Plan().start()) {
            TestClient client = router.connect(Map.of());
            assertThat(client.isGreeted()).isTrue();
            ScriptedBackend scripted = router.backends().get(0);
            BackendConnection backend = scripted.connection();
            int processId = backend.key().processId();
            Notifiers notifiers = new Notifiers(router.loop());

            notifiers.note(backend, SESSION);
            int first = notifiers.processId("node-a", processId);
            notifiers.note(backend, OTHER);
            int changed = notifiers.processId("node-a", processId);
            router.time().advance(Duration.ofSeconds(1));
            int settled = notifiers.processId("node-a", processId);
            int elsewhere = notifiers.processId("node-b", processId);
            int unknown = notifiers.processId("node-a", 99);
            scripted.die();
            int closed = notifiers.processId("node-a", processId);

            assertThat(first).isEqualTo(SESSION);
            assertThat(changed).isEqualTo(processId);
            assertThat(settled).isEqualTo(OTHER);
            assertThat(elsewhere).isEqualTo(processId);
            assertThat(unknown).isEqualTo(99);
            assertThat(closed).isEqualTo(processId);
        }
    }
}
