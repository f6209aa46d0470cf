// SPDX-License-Identifier: Apache-2.0
/**
 * The only code that touches Netty channels: sockets, TLS, and the handlers that drive the machines of the other packages.
 *
 * <p>Start reading at {@link io.trunkline.transport.FrontendInitializer} for clients and {@link io.trunkline.transport.BackendChannelOpener}
 * for nodes. May import everything in this module.
 */
@NullMarked
package io.trunkline.transport;

import org.jspecify.annotations.NullMarked;
