// SPDX-License-Identifier: Apache-2.0
/**
 * Bytes to PostgreSQL messages and back. Knows {@code ByteBuf} and nothing else of the router; imports nothing of it.
 *
 * <p>Start reading at {@link io.trunkline.wire.MessageScanner}, which walks a stream, then at {@link io.trunkline.wire.FrontendTag} and {@link
 * io.trunkline.wire.BackendTag}, whose tables say what is looked at. A message is read by the view or record of its name ({@link
 * io.trunkline.wire.Bind}, {@link io.trunkline.wire.ErrorResponse}) and written by {@link io.trunkline.wire.FrontendWriter} or {@link
 * io.trunkline.wire.BackendWriter}. All text is {@link io.trunkline.wire.WireText}. What a peer may not send is a {@link
 * io.trunkline.wire.ProtocolViolation}.
 */
@NullMarked
package io.trunkline.wire;

import org.jspecify.annotations.NullMarked;
