// SPDX-License-Identifier: Apache-2.0
/**
 * The way from one client to the backends it holds, and back.
 *
 * <p>Start reading at {@link io.trunkline.relay.Relay}, then {@link io.trunkline.relay.DirectRelay}, the hot path. May import
 * {@code backend}, {@code pool}, {@code prepared}, {@code wire}, {@code error} and {@code metrics}.
 */
@NullMarked
package io.trunkline.relay;

import org.jspecify.annotations.NullMarked;
