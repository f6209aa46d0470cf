// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every error of the catalogue reads like one of PostgreSQL's. */
class RouterErrorsTest {

    static Stream<Method> factories() {
        return Arrays.stream(RouterErrors.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .filter(method -> method.getReturnType() == RouterError.class);
    }

    @ParameterizedTest
    @MethodSource("factories")
    void isWordedLikePostgreSql(Method factory) throws Exception {
        ErrorResponse response = ((RouterError) factory.invoke(null, samples(factory))).response();

        assertThat(response.severity()).isIn("ERROR", "FATAL");
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

    private static Object[] samples(Method factory) {
        return Arrays.stream(factory.getParameters())
                .map(RouterErrorsTest::sample)
                .toArray();
    }

    private static Object sample(Parameter parameter) {
        Class<?> type = parameter.getType();
        if (parameter.getName().equals("detail") || parameter.getName().equals("hint")) {
            return "A sample sentence.";
        }
        if (type == String.class) {
            return "sample";
        }
        if (type == int.class) {
            return 7;
        }
        if (type == byte.class) {
            return (byte) 'Q';
        }
        if (type == ErrorResponse.class) {
            return ErrorResponse.of(Severity.ERROR, SqlState.SYNTAX_ERROR, "sample");
        }
        if (type == long.class) {
            return 7L;
        }
        if (type == Duration.class) {
            return Duration.ofSeconds(7);
        }
        if (type == List.class) {
            return List.of("sample");
        }
        if (type == ProtocolViolation.class) {
            return ProtocolViolation.fatal("invalid message length");
        }
        if (type == RouterError.class) {
            return RouterErrors.noUserName();
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        throw new AssertionError("no sample of " + type + ": add one here");
    }
}
