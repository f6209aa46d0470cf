// SPDX-License-Identifier: Apache-2.0
/**
 * Whole routers in front of real servers: what drivers, scripted frames and many clients at a time see.
 *
 * <p>Start reading at {@link io.trunkline.router.RouterUnderTest}. A class starts its servers and its router once; a test that needs other
 * settings connects to another of the router's databases. {@link io.trunkline.router.WireClient} speaks the protocol frame by frame, for what no
 * driver would send.
 */
@NullMarked
package io.trunkline.router;

import org.jspecify.annotations.NullMarked;
