// SPDX-License-Identifier: Apache-2.0
/**
 * One client: what it sent, what it set, and which relay it holds.
 *
 * <p>Start reading at {@link io.trunkline.session.Session}, which names the classes that do its work, and
 * {@link io.trunkline.session.SessionState}, the states they do it in. May import everything below it: {@code relay}, {@code pool},
 * {@code routing}, {@code backend}, {@code prepared}, {@code sql}, {@code wire}.
 */
@NullMarked
package io.trunkline.session;

import org.jspecify.annotations.NullMarked;
