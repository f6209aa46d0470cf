// SPDX-License-Identifier: Apache-2.0
/**
 * The router as a process: command line, start and stop, event loops, the HTTP endpoint for operators.
 *
 * <p>Start reading at {@code RouterServer}. May import everything of the core.
 */
@NullMarked
package io.trunkline.server;

import org.jspecify.annotations.NullMarked;
