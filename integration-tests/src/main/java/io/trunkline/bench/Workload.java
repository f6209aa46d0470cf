// SPDX-License-Identifier: Apache-2.0
package io.trunkline.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the contenders are made to do. */
enum Workload {
    SIMPLE("select-only, simple protocol", "-S", "-M", "simple"),
    EXTENDED("select-only, extended protocol", "-S", "-M", "extended"),
    PREPARED("select-only, prepared statements", "-S", "-M", "prepared"),
    TPCB("tpcb-like, simple protocol", "-M", "simple"),
    RECONNECT("select-only, a connection for each transaction", "-S", "-C"),
    /** One client that reads large results one after the other. */
    LARGE("large result") {
        @Override
        List<String> arguments(BenchOptions options, String script) {
            return List.of("-f", script, "-c", "1", "-j", "1", "-t", "2");
        }

        @Override
        String script(BenchOptions options) {
            return "select repeat('x', 1000) from generate_series(1, " + options.largeMegabytes() * 1_000 + ");\n";
        }
    },
    /** Clients that log in and then do nothing. */
    IDLE("idle clients") {
        @Override
        List<String> arguments(BenchOptions options, String script) {
            return List.of("-f", script, "-c", Integer.toString(options.idleClients()), "-j", "2", "-t", "1");
        }

        @Override
        String script(BenchOptions options) {
            return "\\sleep " + options.seconds() + " s\n";
        }

        @Override
        boolean suits(Contender contender) {
            // A server would need a process for each.
            return contender.proxy() != null;
        }
    };

    private static final int THREADS = 2;

    private final String title;
    private final List<String> fixedArguments;

    Workload(String title, String... fixedArguments) {
        this.title = title;
        this.fixedArguments = List.of(fixedArguments);
    }

    /** Returns what the command line calls it. */
    String option() {
        return name().toLowerCase(Locale.ROOT);
    }

    String title() {
        return title;
    }

    /** Returns pgbench's arguments besides those that say where to connect. */
    List<String> arguments(BenchOptions options, String script) {
        List<String> arguments = new ArrayList<>(fixedArguments);
        arguments.addAll(List.of(
                "-c", Integer.toString(options.clients()),
                "-j", Integer.toString(THREADS),
                "-T", Integer.toString(options.seconds())));
        return arguments;
    }

    /** Returns the script pgbench runs; null for one of its own. */
    @Nullable
    String script(BenchOptions options) {
        return null;
    }

    /** Returns whether a contender is to do it. */
    boolean suits(Contender contender) {
        return true;
    }

    /** Returns whether doing it for a while brings a JVM to its later speed. */
    boolean warmsUp() {
        return !fixedArguments.isEmpty();
    }
}
