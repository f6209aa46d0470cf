// SPDX-License-Identifier: Apache-2.0
/**
 * A router between peers that break the protocol: random, mutated and torn frames from clients and from a node.
 *
 * <p>Start reading at {@link io.trunkline.hostile.HostileFramesIT}.
 */
@NullMarked
package io.trunkline.hostile;

import org.jspecify.annotations.NullMarked;
