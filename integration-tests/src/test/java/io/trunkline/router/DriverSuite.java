// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.Optional;

/** A program of named checks that writes down what an application sees through one driver; where it connects to is all that differs between two runs. */
sealed interface DriverSuite permits DriverProgram, PgjdbcSuite {
    /** Where a suite connects to. */
    record Target(String label, int port, String database, boolean isOneAtATime) {}

    String name();

    /** Makes the suite ready to run, once. Returns why it cannot run on this machine, or nothing. */
    Optional<String> prepare();

    /** Runs all checks; those that need several connections at a time only where the target has room for them. */
    Transcript run(Target target);
}
