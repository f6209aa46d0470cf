// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

/** The exit codes of the commands beside {@code topology}, which documents its own. */
final class ExitCodes {
    /** Done. */
    static final int DONE = 0;

    /** The configuration, or a file it names, is wrong; {@code route}: the statement is refused. */
    static final int INVALID = 1;

    /** The command line was not understood; picocli's own. */
    static final int USAGE = 2;

    /** The router could not start: an address is taken, a file cannot be read. */
    static final int NOT_STARTED = 3;

    private ExitCodes() {}
}
