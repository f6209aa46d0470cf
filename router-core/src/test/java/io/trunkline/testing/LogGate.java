// SPDX-License-Identifier: Apache-2.0
package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Fails a test that logs a WARN or ERROR line it did not announce, or announces one that never came.
 *
 * <p>Use as {@code @RegisterExtension final LogGate log = new LogGate();} and announce with {@link #expect}. Listens to every logger, so tests
 * that run at the same time in one JVM must not use it; Surefire runs ours one after another.
 */
public final class LogGate implements BeforeEachCallback, AfterEachCallback {
    private final Lines lines = new Lines();
    private final List<Pattern> expected = new ArrayList<>();

    /** Announces that at least one WARN or ERROR line will contain a match of the pattern (message and key=value pairs). */
    public void expect(String regex) {
        expected.add(Pattern.compile(regex));
    }

    /** Returns the lines seen so far at INFO or above: level, message, key=value pairs. */
    public List<String> lines() {
        return lines.seen.stream().map(LogGate::render).toList();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        expected.clear();
        lines.seen.clear();
        LoggerContext loggers = (LoggerContext) LoggerFactory.getILoggerFactory();
        lines.setContext(loggers);
        lines.start();
        loggers.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(lines);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        LoggerContext loggers = (LoggerContext) LoggerFactory.getILoggerFactory();
        loggers.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(lines);
        lines.stop();
        List<String> loud = lines.seen.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .map(LogGate::render)
                .toList();
        assertThat(loud)
                .as("WARN and ERROR lines that the test did not announce")
                .allMatch(line -> expected.stream()
                        .anyMatch(pattern -> pattern.matcher(line).find()));
        assertThat(expected)
                .as("announced lines that never came")
                .allMatch(pattern ->
                        loud.stream().anyMatch(line -> pattern.matcher(line).find()));
    }

    private static String render(ILoggingEvent event) {
        StringBuilder line =
                new StringBuilder().append(event.getLevel()).append(' ').append(event.getFormattedMessage());
        if (event.getKeyValuePairs() != null) {
            event.getKeyValuePairs()
                    .forEach(pair ->
                            line.append(' ').append(pair.key).append('=').append(pair.value));
        }
        if (event.getThrowableProxy() != null) {
            line.append(" threw ")
                    .append(event.getThrowableProxy().getClassName())
                    .append(": ")
                    .append(event.getThrowableProxy().getMessage());
        }
        return line.toString();
    }

    /** Keeps what is logged at INFO or above. */
    private static final class Lines extends AppenderBase<ILoggingEvent> {
        private final List<ILoggingEvent> seen = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
                event.prepareForDeferredProcessing();
                seen.add(event);
            }
        }
    }
}
