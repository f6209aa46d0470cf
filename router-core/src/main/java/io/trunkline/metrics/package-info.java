// SPDX-License-Identifier: Apache-2.0
/**
 * What is counted and timed, without saying by what.
 *
 * <p>Start reading at {@link io.trunkline.metrics.RouterMetrics}: one method per event. What the world sees (names, units, labels) is {@link
 * io.trunkline.metrics.Metric}. May import {@code error} only.
 */
@NullMarked
package io.trunkline.metrics;

import org.jspecify.annotations.NullMarked;
