// SPDX-License-Identifier: Apache-2.0
/**
 * What happens before a session exists: encryption, version, startup parameters, authentication, greeting.
 *
 * <p>No sockets: bytes go in, bytes and decisions come out. Start reading at {@link io.trunkline.frontend.StartupNegotiation}. May import
 * {@code auth}, {@code wire}, {@code error} and {@code metrics}.
 */
@NullMarked
package io.trunkline.frontend;

import org.jspecify.annotations.NullMarked;
