// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of this machine with its arguments, run to its end in a folder. Immutable but for the environment, which the caller may change before it runs. */
final class CommandLine {
    private static final int NOT_RUN = -1;
    private static final int LINES_SHOWN = 20;

    private final ProcessBuilder builder;

    CommandLine(Path folder, List<String> words) {
        builder = new ProcessBuilder(words)
                .directory(folder.toFile())
                .redirectInput(Path.of("/dev/null").toFile());
    }

    /** What a program did: its exit code, negative when there is no such program or it took too long, and all that it printed. */
    record Outcome(int exitCode, List<String> lines) {
        boolean isSuccess() {
            return exitCode == 0;
        }

        /** Returns the last lines. */
        String end() {
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LINES_SHOWN), lines.size()));
        }
    }

    CommandLine with(String variable, String value) {
        builder.environment().put(variable, value);
        return this;
    }

    /** Tells libpq, and whoever reads the same variables, where to connect to, and nothing else. */
    CommandLine connectingTo(int port, String database) {
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(variable -> variable.startsWith("PG"));
        return with("PGHOST", "127.0.0.1")
                .with("PGPORT", Integer.toString(port))
                .with("PGUSER", RouterUnderTest.USER)
                .with("PGPASSWORD", RouterUnderTest.PASSWORD)
                .with("PGDATABASE", database);
    }

    /** Runs it; both streams come back in one. */
    Outcome run(Duration limit) {
        try {
            Path printed = Files.createTempFile("command-", ".log");
            try {
                builder.redirectErrorStream(true).redirectOutput(printed.toFile());
                int exitCode = await(limit);
                return new Outcome(exitCode, lines(printed));
            } finally {
                Files.delete(printed);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs it with its output in one file and its complaints in another; only the output comes back. */
    Outcome run(Duration limit, Path output, Path complaints) {
        builder.redirectOutput(output.toFile()).redirectError(complaints.toFile());
        int exitCode = await(limit);
        try {
            return new Outcome(exitCode, lines(output));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads what may not all be UTF-8. */
    private static List<String> lines(Path file) throws IOException {
        return new String(Files.readAllBytes(file), UTF_8).lines().toList();
    }

    private int await(Duration limit) {
        Process process;
        try {
            process = builder.start();
        } catch (IOException thereIsNone) {
            return NOT_RUN;
        }
        try {
            if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        return NOT_RUN;
    }
}
