// SPDX-License-Identifier: Apache-2.0
/** Every error the router itself can send. Start reading at {@code RouterErrors}. May import {@code wire} only. */
@NullMarked
package io.trunkline.error;

import org.jspecify.annotations.NullMarked;
