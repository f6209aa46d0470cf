// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A suite in another language: a folder below {@code drivers} with one program and the exact versions of what it needs.
 *
 * <p>It is copied to {@code target/drivers} and made ready there, so that nothing is written beside the sources. A tool that is not on this
 * machine, or a library that cannot be fetched, is a reason not to run; a program that does not compile is a failure.
 */
final class DriverProgram implements DriverSuite {
    private static final Path SOURCES = Path.of("drivers");
    private static final Path WORK = Path.of("target", "drivers").toAbsolutePath();
    private static final Duration TOOL_LIMIT = Duration.ofSeconds(60);
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(10);
    private static final Duration RUN_LIMIT = Duration.ofMinutes(3);

    private final String name;
    private final List<List<String>> tools;
    private final List<List<String>> fetch;
    private final List<List<String>> build;
    private final List<String> program;

    private DriverProgram(
            String name,
            List<List<String>> tools,
            List<List<String>> fetch,
            List<List<String>> build,
            List<String> program) {
        this.name = name;
        this.tools = tools;
        this.fetch = fetch;
        this.build = build;
        this.program = program;
    }

    /** Returns a suite that runs in a virtual environment of its own. */
    static DriverProgram python(String name) {
        return new DriverProgram(
                name,
                List.of(List.of("python3", "-c", "import ensurepip, sys, venv; assert sys.version_info >= (3, 10)")),
                List.of(
                        List.of("python3", "-m", "venv", "venv"),
                        List.of("venv/bin/pip", "install", "--quiet", "--requirement", "requirements.txt")),
                List.of(),
                List.of("venv/bin/python", "suite.py"));
    }

    static DriverProgram node(String name) {
        return new DriverProgram(
                name,
                List.of(List.of("node", "--version"), List.of("npm", "--version")),
                List.of(List.of("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")),
                List.of(),
                List.of("node", "suite.mjs"));
    }

    static DriverProgram go(String name) {
        return new DriverProgram(
                name,
                List.of(List.of("go", "version")),
                List.of(List.of("go", "mod", "download")),
                List.of(List.of("nice", "go", "build", "-o", "suite", ".")),
                List.of("./suite"));
    }

    static DriverProgram cargo(String name) {
        return new DriverProgram(
                name,
                List.of(List.of("cargo", "--version"), List.of("cc", "--version")),
                List.of(List.of("cargo", "fetch", "--quiet")),
                List.of(List.of("nice", "cargo", "build", "--quiet", "--offline")),
                List.of("target/debug/suite"));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> prepare() {
        for (List<String> tool : tools) {
            if (!command(SOURCES, tool).run(TOOL_LIMIT).isSuccess()) {
                return Optional.of("there is no " + tool.get(0) + " that can be used");
            }
        }
        copySources();
        for (List<String> step : fetch) {
            CommandLine.Outcome outcome = command(folder(), step).run(BUILD_LIMIT);
            if (!outcome.isSuccess()) {
                return Optional.of("its libraries cannot be fetched: " + String.join(" ", step) + "\n" + outcome.end());
            }
        }
        for (List<String> step : build) {
            CommandLine.Outcome outcome = command(folder(), step).run(BUILD_LIMIT);
            if (!outcome.isSuccess()) {
                throw new AssertionError(name + ": " + String.join(" ", step) + "\n" + outcome.end());
            }
        }
        return Optional.empty();
    }

    private Path folder() {
        return WORK.resolve(name);
    }

    /** Copies all files over what an earlier build has left, which saves most of the work. */
    private void copySources() {
        Path source = SOURCES.resolve(name);
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder().resolve(source.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Transcript run(Target target) {
        Path output = folder().resolve(target.label() + ".txt");
        Path complaints = folder().resolve(target.label() + ".err");
        CommandLine.Outcome outcome = command(folder(), program)
                .connectingTo(target.port(), target.database())
                .with("SUITE_ONE_AT_A_TIME", target.isOneAtATime() ? "1" : "0")
                .run(RUN_LIMIT, output, complaints);
        Transcript transcript = Transcript.of(outcome.lines());
        if (!outcome.isSuccess() || !transcript.isWhole()) {
            throw new AssertionError(name + " at " + target.label() + " ended with " + outcome.exitCode() + " after\n"
                    + outcome.end() + "\nand wrote more to " + complaints);
        }
        return transcript;
    }

    private static CommandLine command(Path directory, List<String> words) {
        return new CommandLine(directory, words)
                .with("PYTHONDONTWRITEBYTECODE", "1")
                .with("PYTHONIOENCODING", "utf-8")
                .with("PIP_DISABLE_PIP_VERSION_CHECK", "1")
                // What is installed is used; nothing else of the language is downloaded.
                .with("GOTOOLCHAIN", "local")
                .with("CARGO_TARGET_DIR", "target");
    }

    @Override
    public String toString() {
        return name;
    }
}
