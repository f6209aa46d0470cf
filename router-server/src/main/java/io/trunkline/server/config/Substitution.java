// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Replaces what stands outside the configuration file: {@code ${ENV:NAME}} in any value, and {@code file:path} as a secret. */
final class Substitution {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{ENV:([A-Za-z_][A-Za-z0-9_]*)}");
    private static final String FILE = "file:";
    private static final long LARGEST_SECRET_BYTES = 64 * 1024;

    private final Function<String, @Nullable String> environment;
    private final Path directory;

    /**
     * Creates a substitution.
     *
     * @param environment the value of an environment variable, or null
     * @param directory what relative paths are relative to
     */
    Substitution(Function<String, @Nullable String> environment, Path directory) {
        this.environment = environment;
        this.directory = directory;
    }

    /** What a value stands for cannot be found; the message says what was expected. */
    static final class Missing extends Exception {
        private static final long serialVersionUID = 1L;

        Missing(String expectation) {
            super(expectation, null, false, false);
        }

        String expectation() {
            return String.valueOf(getMessage());
        }
    }

    /** Returns the text with its variables replaced. */
    String variables(String text) throws Missing {
        if (!text.contains("${ENV:")) {
            return text;
        }
        StringBuilder replaced = new StringBuilder();
        Matcher matcher = VARIABLE.matcher(text);
        while (matcher.find()) {
            String value = environment.apply(matcher.group(1));
            if (value == null) {
                throw new Missing("the environment variable " + matcher.group(1) + " to be set");
            }
            matcher.appendReplacement(replaced, Matcher.quoteReplacement(value));
        }
        return matcher.appendTail(replaced).toString();
    }

    /** Returns a secret: the text itself, or the content of the file it names, without the line end. */
    String secret(String text) throws Missing {
        if (!text.startsWith(FILE)) {
            return text;
        }
        Path file = path(Path.of(text.substring(FILE.length())));
        try {
            if (Files.size(file) > LARGEST_SECRET_BYTES) {
                throw new Missing("a file of at most 64KiB");
            }
            return Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
        } catch (IOException e) {
            throw new Missing("a readable file " + file);
        }
    }

    /** Returns a path relative to the configuration file as one relative to the process. */
    Path path(Path written) {
        return directory.resolve(written);
    }
}
