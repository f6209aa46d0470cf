// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchPathTest {
    @Test
    void readsSchemasInTheirOrder() {
        assertThat(SearchPath.of(null, "joe")).containsExactly("joe", "public");
        assertThat(of("Tenant_B, public")).containsExactly("tenant_b", "public");
        assertThat(of("\"$user\",'A b', \"C\"\"d\"")).containsExactly("joe", "A b", "C\"d");
        assertThat(SearchPath.of("SELECT pg_catalog.set_config('search_path', 'a, \"B\"', false)", "joe"))
                .containsExactly("a", "B");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "E'tenant_b', public",
                "$$tenant_b$$, public",
                "U&\"tenant_b\", public",
                "Ärzte, public",
                "a_name_that_is_longer_than_the_sixty_three_bytes_that_postgresql_keeps, public",
            })
    void knowsNothingOfAPathWithAPartThatItCannotRead(String path) {
        assertThat(of(path)).isEqualTo(TextContext.UNKNOWN_PATH);
    }

    private static List<String> of(String path) {
        return SearchPath.of("SET search_path TO " + path, "joe");
    }
}
