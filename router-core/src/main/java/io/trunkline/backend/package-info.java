// SPDX-License-Identifier: Apache-2.0
/**
 * One server connection: its link, its login, the replies it owes and the settings it carries.
 *
 * <p>Start reading at {@link io.trunkline.backend.BackendConnection}. May import {@code prepared}, {@code auth}, {@code sql}, {@code wire},
 * {@code error} and {@code metrics}.
 */
@NullMarked
package io.trunkline.backend;

import org.jspecify.annotations.NullMarked;
