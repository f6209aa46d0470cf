// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.ErrorSamples;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every error of the catalogue reads like one of PostgreSQL's. */
class RouterErrorsTest {

    static Stream<Method> factories() {
        return ErrorSamples.factories();
    }

    @ParameterizedTest
    @MethodSource("factories")
    void isWordedLikePostgreSql(Method factory) throws Exception {
        ErrorResponse response = ((RouterError) factory.invoke(null, ErrorSamples.arguments(factory))).response();

        // A warning is sent as a notice.
        assertThat(response.severity()).isIn("ERROR", "FATAL", "WARNING");
        assertThat(SqlState.ofCode(response.sqlState()))
                .as("SQLSTATE " + response.sqlState())
                .isNotNull();
        assertThat(response.message())
                .as("message: lower case, concrete, one line, no full stop")
                .isNotBlank()
                .doesNotContain("\n")
                .doesNotEndWith(".")
                .matches("[^A-Z].*|[A-Z]{2,}.*");
        for (String sentences : Arrays.asList(response.detail(), response.hint())) {
            if (sentences != null) {
                assertThat(sentences).as("detail and hint: sentences").matches("(?s)[^a-z].*[.!?\"):]");
            }
        }
    }
}
