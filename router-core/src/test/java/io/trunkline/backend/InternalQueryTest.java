// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.RouterError;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.FakeNode;
import io.trunkline.testing.VirtualClock;
import io.trunkline.wire.ErrorResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Queries of the router's own to a node that answers or falls silent. */
@ExtendWith(ByteBufLeaks.class)
class InternalQueryTest {
    private final VirtualClock time = new VirtualClock();
    private final FakeConnector connector = new FakeConnector(time.newLoop(), FakeConnector.newNodes());
    private final FakeNode node = connector.node("n");
    private final List<BackendConnection> connected = new ArrayList<>();
    private final List<String> log = new ArrayList<>();

    @BeforeEach
    void connect() {
        BackendTarget target = new BackendTarget("c", "n", "localhost", 5432, "d", "u");
        connector.connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection backend) {
                connected.add(backend);
            }

            @Override
            public void onFailed(RouterError error) {
                throw new AssertionError(error);
            }
        });
        time.advance(Duration.ofMillis(5));
    }

    @Test
    void losesABackendThatFallsSilent() {
        node.fallSilent();
        backend().query("RESET work_mem", 1, new Outcome());

        time.advance(Duration.ofSeconds(15));

        assertThat(log).containsExactly("08006 node \"n\" did not answer a statement of the router within 15000 ms");
        assertThat(backend().isOpen()).isFalse();
        assertThat(node.open()).isEmpty();
    }

    @Test
    void waitsForTheWholeLimit() {
        node.fallSilent();
        backend().query("RESET work_mem", 1, new Outcome());

        time.advance(Duration.ofMillis(14_999));

        assertThat(log).isEmpty();
        assertThat(backend().isOpen()).isTrue();
    }

    @Test
    void waitsForTheLimitOfWhoAsksWhenThereIsOne() {
        node.fallSilent();
        backend().query("DISCARD ALL", 1, Duration.ofSeconds(5), new Outcome());

        time.advance(Duration.ofSeconds(5));

        assertThat(log).containsExactly("08006 node \"n\" did not answer a statement of the router within 5000 ms");
        assertThat(backend().isOpen()).isFalse();
    }

    @Test
    void keepsABackendThatAnswered() {
        node.answer(sql -> List.of(List.of("one")));
        backend().query("select 1", 1, new Outcome());

        time.advance(Duration.ofSeconds(60));

        assertThat(log).containsExactly("[[one]]");
        assertThat(backend().isOpen()).isTrue();
        assertThat(backend().releaseViolation()).isNull();
    }

    @Test
    void givesEachQueryALimitOfItsOwn() {
        backend().query("select 1", 1, new Outcome());
        time.advance(Duration.ofSeconds(10));
        node.fallSilent();
        backend().query("select 2", 1, new Outcome());

        time.advance(Duration.ofSeconds(10));

        assertThat(log).containsExactly("[]");
        assertThat(backend().isOpen()).isTrue();
    }

    @Test
    void tellsNobodyOfABackendThatWasClosedMeanwhile() {
        node.fallSilent();
        backend().query("select 1", 1, new Outcome());
        backend().close("no longer of interest");

        time.advance(Duration.ofSeconds(60));

        assertThat(log).isEmpty();
    }

    @Test
    void tellsOfALossOnce() {
        node.fallSilent();
        backend().query("select 1", 1, new Outcome());
        node.breakConnections();

        time.advance(Duration.ofSeconds(60));

        assertThat(log).containsExactly("08006 connection to node \"n\" was lost");
    }

    private BackendConnection backend() {
        return connected.get(0);
    }

    /** Writes down how a query ended. */
    private final class Outcome implements BackendConnection.QueryListener {
        @Override
        public void onRows(List<List<@Nullable String>> rows) {
            log.add(rows.toString());
        }

        @Override
        public void onError(ErrorResponse error) {
            log.add(error.sqlState() + " " + error.message());
        }
    }
}
