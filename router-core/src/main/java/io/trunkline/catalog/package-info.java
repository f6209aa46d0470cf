// SPDX-License-Identifier: Apache-2.0
/**
 * Reads from a cluster's nodes what routing must know of functions and relations.
 *
 * <p>Start reading at {@link io.trunkline.catalog.CatalogLoader}. May import {@code backend}, {@code routing}, {@code wire} and {@code error}.
 */
@NullMarked
package io.trunkline.catalog;

import org.jspecify.annotations.NullMarked;
