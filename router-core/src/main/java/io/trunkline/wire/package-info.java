// SPDX-License-Identifier: Apache-2.0
/**
 * Bytes to PostgreSQL messages and back. Knows {@code ByteBuf} and nothing else of the router.
 *
 * <p>Start reading at {@code MessageScanner}.
 */
@NullMarked
package io.trunkline.wire;

import org.jspecify.annotations.NullMarked;
