// SPDX-License-Identifier: Apache-2.0
/**
 * The router's metrics on Micrometer, in the form that Prometheus scrapes.
 *
 * <p>Start reading at {@link io.trunkline.server.metrics.MicrometerMetrics}. Imports {@code metrics} and {@code error} of the core.
 */
@NullMarked
package io.trunkline.server.metrics;

import org.jspecify.annotations.NullMarked;
