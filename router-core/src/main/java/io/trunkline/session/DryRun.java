// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.StatementRouter;

/**
 * The shards a cluster would have: statements are decided for them beside being run where all rows are.
 *
 * @param router decides as if they were there
 * @param report takes what was decided
 */
public record DryRun(StatementRouter router, DryRunReport report) {}
