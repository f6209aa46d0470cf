// SPDX-License-Identifier: Apache-2.0
/**
 * LISTEN for many sessions over few backends.
 *
 * <p>Start reading at {@link io.trunkline.notification.ListeningBackend}. What a session listens to, and when it may be told, is the session's
 * own affair; here is who is to be told what. May import {@code pool}, {@code backend} and {@code wire}.
 */
@NullMarked
package io.trunkline.notification;

import org.jspecify.annotations.NullMarked;
