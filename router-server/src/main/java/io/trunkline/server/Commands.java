// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import java.io.PrintWriter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What commands have in common. Stateless. */
final class Commands {
    private Commands() {}

    /** Returns where a command writes its result; flushes at line ends. */
    static PrintWriter out(@Nullable CommandSpec command) {
        return new PrintWriter(Objects.requireNonNull(command).commandLine().getOut(), true);
    }
}
