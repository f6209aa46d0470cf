// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.cli;

import io.trunkline.topology.InvalidTopologyException;
import io.trunkline.topology.Problem;
import io.trunkline.topology.zookeeper.RevisionConflictException;
import io.trunkline.topology.zookeeper.UnknownRevisionException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;

/** How a command ends: a constant for each exit code, and the way from exceptions to them. */
enum Outcome {
    DONE(0),
    DIFFERENT(1),
    NOT_UNDERSTOOD(2),
    BROKEN_DOCUMENT(3),
    CONFLICT(4),
    NOT_FOUND(5),
    NO_ZOOKEEPER(6);

    private final int exitCode;

    Outcome(int exitCode) {
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }

    /** What a command does: writes its result and says how it ended. */
    interface Action {
        Outcome perform(PrintWriter out) throws IOException;
    }

    /** Performs the action; failures that a user can cause become one readable message and an exit code. */
    static int of(CommandSpec command, Action action) {
        PrintWriter out = command.commandLine().getOut();
        PrintWriter err = command.commandLine().getErr();
        try {
            return action.perform(out).exitCode();
        } catch (InvalidTopologyException e) {
            for (Problem problem : e.problems()) {
                err.println(problem);
            }
            return BROKEN_DOCUMENT.exitCode();
        } catch (RevisionConflictException e) {
            err.println(e.getMessage());
            return CONFLICT.exitCode();
        } catch (UnknownRevisionException e) {
            err.println(e.getMessage());
            return NOT_FOUND.exitCode();
        } catch (CommandFailure e) {
            err.println(e.getMessage());
            return e.outcome().exitCode();
        } catch (IOException e) {
            err.println(e.getMessage());
            return NO_ZOOKEEPER.exitCode();
        } finally {
            out.flush();
            err.flush();
        }
    }
}
