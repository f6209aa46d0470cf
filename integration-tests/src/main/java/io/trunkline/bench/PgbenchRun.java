// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import io.trunkline.fixture.FixtureException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of pgbench.
 *
 * @see <a href="https://www.postgresql.org/docs/18/pgbench.html">pgbench</a>
 */
final class PgbenchRun {
    static final String DATABASE = "bench";
    static final String USER = "bench";
    static final String PASSWORD = "bench";

    private static final long SAMPLE_MILLIS = 100;
    private static final long END_SECONDS = 180;

    private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+) \\((?:without initial|including reconnection)");
    private static final Pattern TRANSACTIONS = Pattern.compile("number of transactions actually processed: ([0-9]+)");
    private static final Pattern AVERAGE = Pattern.compile("latency average = ([0-9.]+) ms");

    private final Path program;
    private final Path folder;
    private final BenchOptions options;

    /**
     * @param folder for scripts and logs, in the care of a workspace's guard
     */
    PgbenchRun(Path program, Path folder, BenchOptions options) {
        this.program = program;
        this.folder = folder;
        this.options = options;
    }

    /** Returns the pgbench on the path. */
    static Path programOnPath() {
        @Nullable String path = System.getenv("PATH");
        return Stream.of((path == null ? "" : path).split(":", -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, "pgbench"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(
                        () -> new FixtureException(
                                "pgbench is not on PATH: install PostgreSQL's contributed programs (Debian: postgresql-contrib), or name it with --pgbench"));
    }

    /** Returns the same with runs of another length. */
    PgbenchRun lasting(int seconds) {
        return new PgbenchRun(program, folder, options.lasting(seconds));
    }

    /** Makes pgbench's tables. */
    void initialise(int port) {
        run(port, DATABASE, List.of("-i", "-q", "-s", Integer.toString(options.scale())), null);
    }

    /** Runs a workload and returns what came of it. */
    Measurement measure(Contender contender, Workload workload) {
        @Nullable ProxyProcess proxy = contender.proxy();
        long residentBefore = proxy == null ? 0 : proxy.residentBytes();
        long processorBefore = proxy == null ? 0 : proxy.processorTime().toNanos();
        List<String> arguments = new ArrayList<>(List.of("-n", "-l", "--log-prefix=transactions"));
        arguments.addAll(workload.arguments(options, script(workload)));
        Result result = run(contender.port(), contender.database(workload), arguments, proxy);
        long residentMost = Math.max(result.residentMost, proxy == null ? 0 : proxy.residentBytes());
        long processorNanos = proxy == null ? 0 : proxy.processorTime().toNanos() - processorBefore;
        double transactions = number(TRANSACTIONS, result.output);
        return new Measurement(
                contender,
                workload,
                number(TPS, result.output),
                number(AVERAGE, result.output),
                percentileMillis(99),
                proxy == null ? Double.NaN : processorNanos / 1e6 / transactions * 1_000,
                residentMost,
                residentMost - residentBefore);
    }

    private String script(Workload workload) {
        @Nullable String text = workload.script(options);
        String name = workload.option() + ".sql";
        if (text != null) {
            try {
                Files.writeString(folder.resolve(name), text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return name;
    }

    private record Result(String output, long residentMost) {}

    private Result run(int port, String database, List<String> arguments, @Nullable ProxyProcess watched) {
        List<String> command = new ArrayList<>(
                List.of(program.toString(), "-h", "127.0.0.1", "-p", Integer.toString(port), "-U", USER));
        command.addAll(arguments);
        command.add(database);
        Path output = folder.resolve("pgbench.out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("PGPASSWORD", PASSWORD);
        builder.environment().put("PGSSLMODE", "disable");
        builder.environment().put("PGGSSENCMODE", "disable");
        builder.environment().put("LC_ALL", "C");
        try {
            deleteLogs();
            Process process = builder.start();
            long residentMost = 0;
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.seconds() + END_SECONDS);
            while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
                residentMost = Math.max(residentMost, watched == null ? 0 : watched.residentBytes());
                if (System.nanoTime() > deadline) {
                    process.destroyForcibly().waitFor();
                    throw new FixtureException("pgbench did not end");
                }
            }
            String text = Files.readString(output, StandardCharsets.UTF_8);
            if (process.exitValue() != 0) {
                throw new FixtureException("pgbench failed: " + firstError(text));
            }
            return new Result(text, residentMost);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FixtureException("interrupted", e);
        }
    }

    private static String firstError(String output) {
        return output.lines()
                .filter(line -> line.contains("error") || line.contains("FATAL"))
                .findFirst()
                .orElseGet(() -> output.lines().findFirst().orElse("without a word"));
    }

    private static double number(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new FixtureException("pgbench printed no " + pattern + ":\n" + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private double percentileMillis(int percent) {
        try (Stream<Path> logs = Files.list(folder).filter(PgbenchRun::isLog)) {
            long[] micros = logs.flatMapToLong(PgbenchRun::latencies).sorted().toArray();
            return micros.length == 0
                    ? Double.NaN
                    : micros[(int) Math.min(micros.length - 1L, (long) micros.length * percent / 100)] / 1e3;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A line is: client, transaction number, latency in microseconds (or a word), script, time in seconds and microseconds. */
    private static LongStream latencies(Path log) {
        try {
            long[] micros = new long[1_024];
            int count = 0;
            for (String line : Files.readAllLines(log)) {
                String[] columns = line.split(" ", 4);
                if (columns.length == 4 && Character.isDigit(columns[2].charAt(0))) {
                    if (count == micros.length) {
                        micros = Arrays.copyOf(micros, count * 2);
                    }
                    micros[count++] = Long.parseLong(columns[2]);
                }
            }
            return Arrays.stream(micros, 0, count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deleteLogs() throws IOException {
        try (DirectoryStream<Path> logs = Files.newDirectoryStream(folder, PgbenchRun::isLog)) {
            for (Path log : logs) {
                Files.delete(log);
            }
        }
    }

    private static boolean isLog(Path file) {
        return file.getFileName().toString().startsWith("transactions.");
    }
}
