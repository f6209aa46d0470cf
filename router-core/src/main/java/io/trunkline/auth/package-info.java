// SPDX-License-Identifier: Apache-2.0
/**
 * Who somebody is: SCRAM-SHA-256 and MD5, both ends, and the directory of users.
 *
 * <p>Pure functions and small machines over strings; no sockets and no message framing. Start reading at
 * {@link io.trunkline.auth.ScramServer}. May import {@code wire} and {@code error}.
 */
@NullMarked
package io.trunkline.auth;

import org.jspecify.annotations.NullMarked;
