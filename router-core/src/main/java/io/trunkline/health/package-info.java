// SPDX-License-Identifier: Apache-2.0
/** What the nodes of a cluster are, found by probes. Start reading at {@code NodeStatus}. */
@NullMarked
package io.trunkline.health;

import org.jspecify.annotations.NullMarked;
