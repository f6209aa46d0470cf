// SPDX-License-Identifier: Apache-2.0
/**
 * One client: what it sent, what it set, and which relay it holds.
 *
 * <p>Start reading at {@link io.trunkline.session.Session}, whose states are in {@link io.trunkline.session.SessionState}. May import
 * everything below it: {@code relay}, {@code pool}, {@code routing}, {@code backend}, {@code prepared}, {@code sql}, {@code wire}.
 */
@NullMarked
package io.trunkline.session;

import org.jspecify.annotations.NullMarked;
