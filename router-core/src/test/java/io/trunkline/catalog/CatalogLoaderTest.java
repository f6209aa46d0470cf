// SPDX-License-Identifier: Apache-2.0
package io.trunkline.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.BackendTarget;
import io.trunkline.backend.EventLoopClock;
import io.trunkline.routing.CatalogQueries;
import io.trunkline.routing.CatalogSnapshot;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.FakeConnector;
import io.trunkline.testing.LyingServer;
import io.trunkline.testing.VirtualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CatalogLoaderTest {
    private final VirtualClock time = new VirtualClock();
    private final EventLoopClock loop = time.newLoop();
    private final List<CatalogSnapshot> told = new ArrayList<>();

    @Test
    void asksTheNextNodeWhenOneKeepsSilent() {
        FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
        connector.node("silent").answer(sql -> List.of());
        CatalogLoader loader = new CatalogLoader(
                () -> List.of(target("silent"), target("honest")),
                () -> CatalogLoader.Wanted.NOTHING,
                connector,
                loop,
                Duration.ofMinutes(1),
                told::add);
        loader.start();
        time.advance(Duration.ofMillis(5));
        connector.node("silent").fallSilent();
        connector.node("honest").answer(CatalogLoaderTest::rows);

        time.advance(Duration.ofSeconds(40));

        assertThat(told).hasSize(1);
        assertThat(connector.node("silent").open()).isEmpty();
        loader.close();
    }

    @Test
    void triesAgainWhenTheAnswerIsNoCatalogue() {
        FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
        connector.node("odd").answer(sql -> List.of(List.of("one", "two", "three", "four")));
        CatalogLoader loader = new CatalogLoader(
                () -> List.of(target("odd")),
                () -> CatalogLoader.Wanted.NOTHING,
                connector,
                loop,
                Duration.ofMinutes(1),
                told::add);

        loader.start();
        time.advance(Duration.ofMillis(500));
        connector.node("odd").answer(CatalogLoaderTest::rows);
        time.advance(Duration.ofSeconds(2));

        assertThat(told).hasSize(1);
        loader.close();
    }

    @Test
    void readsWhatShardsAreComparedBy() {
        FakeConnector connector = new FakeConnector(loop, FakeConnector.newNodes());
        connector.node("honest").answer(CatalogLoaderTest::rows);
        CatalogLoader loader = new CatalogLoader(
                () -> List.of(target("honest")),
                () -> new CatalogLoader.Wanted(Set.of("tenant"), true),
                connector,
                loop,
                Duration.ofMinutes(1),
                told::add);

        loader.start();
        time.advance(Duration.ofSeconds(2));

        assertThat(told).hasSize(1);
        assertThat(told.get(0).definitions()).containsExactly(Map.entry("table public.t", "17"));
        loader.close();
    }

    @Property(tries = 60)
    void readsTheCatalogueInTheEndWhateverANodeSaysInBetween(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        ByteBufLeaks.during(() -> {
            CatalogLoader loader = new CatalogLoader(
                    () -> List.of(target("liar")),
                    () -> CatalogLoader.Wanted.NOTHING,
                    LyingServer.connector(loop, random, 2 + random.nextInt(4), CatalogLoaderTest::rows),
                    loop,
                    Duration.ofSeconds(1),
                    told::add);
            loader.start();
            time.advance(Duration.ofMinutes(10));
            loader.close();

            assertThat(told).isNotEmpty();
        });
    }

    private static List<List<@Nullable String>> rows(String sql) {
        return switch (sql) {
            case CatalogQueries.FUNCTIONS -> List.of(List.of("f", "t", "f"), List.of("g", "f", "f"));
            case CatalogQueries.RELATIONS -> List.of(List.of("v"));
            case CatalogQueries.HIDDEN_CALLS -> List.of(List.of("operator", "+"));
            case CatalogQueries.TABLE_USES -> List.of(List.of("function", "g", ""));
            default ->
                sql.equals(CatalogQueries.spreadNames(Set.of("tenant")))
                        ? List.of(List.of("relation", "t"))
                        : List.of(List.of("table", "public.t", "17"));
        };
    }

    private static BackendTarget target(String node) {
        return new BackendTarget("c", node, node, 5432, "d", "u");
    }
}
