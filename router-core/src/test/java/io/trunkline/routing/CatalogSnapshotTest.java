// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CatalogSnapshotTest {

    @Test
    void tellsTheNaturesOfFunctionsApart() {
        CatalogSnapshot catalog = Given.catalog();

        assertThat(catalog.nature("lower")).isEqualTo(FunctionNature.PURE);
        assertThat(catalog.nature("pg_catalog.lower")).isEqualTo(FunctionNature.PURE);
        assertThat(catalog.nature("random")).isEqualTo(FunctionNature.SYSTEM_VOLATILE);
        assertThat(catalog.nature("app.balance_of")).isEqualTo(FunctionNature.USER_STABLE);
        assertThat(catalog.nature("audit")).isEqualTo(FunctionNature.USER_VOLATILE);
        assertThat(catalog.nature("nobody")).isEqualTo(FunctionNature.UNKNOWN);
    }

    @Test
    void isNotMisledByADotInAQuotedName() {
        CatalogSnapshot catalog = CatalogSnapshot.of(
                List.of(List.of("lower", "f", "f"), List.of("x.lower", "t", "t")), List.of(), List.of(), List.of());

        assertThat(catalog.nature("x.lower")).isEqualTo(FunctionNature.USER_VOLATILE);
        assertThat(catalog.nature("y.lower")).isEqualTo(FunctionNature.PURE);
    }

    @Test
    void knowsOnlyPostgresqlsOwnBeforeItIsLoaded() {
        CatalogSnapshot catalog = CatalogSnapshot.unloaded();

        assertThat(catalog.isLoaded()).isFalse();
        assertThat(catalog.nature("lower")).isEqualTo(FunctionNature.PURE);
        assertThat(catalog.nature("pg_backend_pid")).isEqualTo(FunctionNature.SYSTEM_VOLATILE);
        assertThat(catalog.nature("pg_catalog.random")).isEqualTo(FunctionNature.SYSTEM_VOLATILE);
        assertThat(catalog.nature("nextval")).isEqualTo(FunctionNature.SYSTEM_VOLATILE);
        assertThat(catalog.nature("app.random")).isEqualTo(FunctionNature.UNKNOWN);
        assertThat(catalog.nature("app.lower")).isEqualTo(FunctionNature.UNKNOWN);
        assertThat(catalog.nature("audit")).isEqualTo(FunctionNature.UNKNOWN);
    }

    @Test
    void tellsVolatileFunctionsOfARowFromViewsAndFromOtherFunctions() {
        CatalogSnapshot catalog = CatalogSnapshot.of(
                List.of(
                        List.of("random", "t", "f"),
                        List.of("next_value", "t", "t"),
                        List.of("counted", "t", "t"),
                        List.of("lower", "f", "f")),
                List.of(List.of("counted"), List.of("a_view")),
                List.of(),
                List.of());

        assertThat(catalog.namesVolatileFunction(List.of("orders", "counted"))).isTrue();
        assertThat(catalog.namesVolatileFunction(List.of("random", "trunkline", "next_value", "a_view", "lower")))
                .isFalse();
        assertThat(catalog.namesAnyOpaque(List.of("a_view"))).isTrue();
    }

    @Test
    void takesTheWorseOfTwoDatabases() {
        CatalogSnapshot one = CatalogSnapshot.of(
                List.of(List.of("a", "f", "f"), List.of("b", "f", "t"), List.of("c", "f", "f")),
                List.of(List.of("hiding")),
                List.of(),
                List.of());
        CatalogSnapshot other = CatalogSnapshot.of(
                List.of(List.of("b", "t", "f"), List.of("c", "f", "t")),
                List.of(),
                List.of(List.of("domain", "")),
                List.of());

        CatalogSnapshot both = one.mergedWith(other);

        assertThat(both.nature("a")).isEqualTo(FunctionNature.PURE);
        assertThat(both.nature("b")).isEqualTo(FunctionNature.USER_VOLATILE);
        assertThat(both.nature("c")).isEqualTo(FunctionNature.USER_STABLE);
        assertThat(both.namesAnyOpaque(List.of("hiding"))).isTrue();
        assertThat(both.hasHiddenCalls()).isTrue();
        assertThat(both.mergedWith(CatalogSnapshot.unloaded()).isLoaded()).isFalse();
    }

    @Test
    void rejectsRowsOfAnotherQuery() {
        assertThatThrownBy(() -> CatalogSnapshot.of(List.of(List.of("lower", "f")), List.of(), List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        CatalogSnapshot.of(List.of(List.of("lower", "f", "maybe")), List.of(), List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        CatalogSnapshot.of(List.of(), List.of(Arrays.asList((String) null)), List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () -> CatalogSnapshot.of(List.of(), List.of(), List.of(), List.of(List.of("spell", "f", ""))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
