// SPDX-License-Identifier: Apache-2.0
/**
 * Which client knows which statement, and which backend has it.
 *
 * <p>Start reading at {@link io.trunkline.prepared.PreparedStatement}. May import {@code sql} and {@code wire}.
 */
@NullMarked
package io.trunkline.prepared;

import org.jspecify.annotations.NullMarked;
