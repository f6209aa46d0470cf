// SPDX-License-Identifier: Apache-2.0
/**
 * The data of one COPY FROM, divided into rows and the rows among shards, without I/O.
 *
 * <p>Start reading at {@link io.trunkline.copy.RowSplitter}. Imports {@code routing}, {@code sql}, {@code error} and {@code wire}.
 */
@NullMarked
package io.trunkline.copy;

import org.jspecify.annotations.NullMarked;
