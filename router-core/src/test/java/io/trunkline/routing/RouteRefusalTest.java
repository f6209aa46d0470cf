// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.RefusalCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteRefusalTest {

    @Test
    void givesEveryRefusalACodeOfItsOwn() {
        List<String> codes = new ArrayList<>();
        for (RefusalCode refusal : RefusalCode.values()) {
            codes.add(refusal.code());
        }
        for (RouteRefusal refusal : RouteRefusal.values()) {
            codes.add(refusal.code());
        }

        assertThat(codes).doesNotHaveDuplicates().allMatch(code -> code.matches("TL0[12][0-9]{2}"));
    }

    @Test
    void speaksAsTheCatalogueOfErrorsDoes() {
        for (RouteRefusal refusal : RouteRefusal.values()) {
            assertThat(refusal.message()).matches("[a-z].*[^.]");
            assertThat(refusal.hint()).matches("[A-Z].*\\.");
        }
    }
}
