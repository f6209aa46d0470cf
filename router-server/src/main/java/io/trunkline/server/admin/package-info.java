// SPDX-License-Identifier: Apache-2.0
/**
 * The HTTP endpoint for operators and their machines.
 *
 * <p>Start reading at {@link io.trunkline.server.admin.AdminEndpoint}. Imports Netty and the topology.
 */
@NullMarked
package io.trunkline.server.admin;

import org.jspecify.annotations.NullMarked;
