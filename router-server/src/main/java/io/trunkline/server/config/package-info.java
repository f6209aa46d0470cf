// SPDX-License-Identifier: Apache-2.0
/**
 * The configuration file: one YAML document, read into records that say for each key its default, range and meaning.
 *
 * <p>Start reading at {@link io.trunkline.server.config.RouterConfig}; {@code ConfigLoader} reads it. Imports nothing of the router.
 */
@NullMarked
package io.trunkline.server.config;

import org.jspecify.annotations.NullMarked;
