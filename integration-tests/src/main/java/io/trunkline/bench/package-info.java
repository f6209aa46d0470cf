// SPDX-License-Identifier: Apache-2.0
/**
 * {@code ./trunkline bench}: the router beside a direct connection and PgBouncer, measured with pgbench in turns.
 *
 * <p>Start reading at {@link io.trunkline.bench.Bench}. A machine that does other things too makes every figure worse; so the contenders take
 * turns in short rounds, and what is reported are medians and ratios between them.
 */
@NullMarked
package io.trunkline.bench;

import org.jspecify.annotations.NullMarked;
