// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The factories of {@link RouterErrors} with sample arguments, for tests that look at the whole catalogue. */
public final class ErrorSamples {
    private ErrorSamples() {}

    /** Returns the factories by name, then by number of parameters. */
    public static Stream<Method> factories() {
        return Arrays.stream(RouterErrors.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .filter(method -> method.getReturnType() == RouterError.class)
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::getParameterCount));
    }

    /** Returns arguments for a factory: texts that name the parameter, small numbers, any constant. */
    public static Object[] arguments(Method factory) {
        return Arrays.stream(factory.getParameters()).map(ErrorSamples::sample).toArray();
    }

    private static Object sample(Parameter parameter) {
        Class<?> type = parameter.getType();
        if (parameter.getName().equals("detail") || parameter.getName().equals("hint")) {
            return "A sample sentence.";
        }
        if (type == String.class) {
            return "<" + parameter.getName() + ">";
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
