// SPDX-License-Identifier: Apache-2.0
/**
 * {@code ./trunkline demo}: a sharded, replicated PostgreSQL with ZooKeeper and a router on one machine, and a failover to try on it.
 *
 * <p>Start reading at {@link io.trunkline.demo.Demo}. Two processes of this package take part: the one that runs everything, and the one that
 * {@code demo failover} starts in another terminal, which asks the first to kill and promote servers and watches what a client sees.
 */
@NullMarked
package io.trunkline.demo;

import org.jspecify.annotations.NullMarked;
