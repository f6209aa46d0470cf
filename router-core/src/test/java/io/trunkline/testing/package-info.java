// SPDX-License-Identifier: Apache-2.0
/** What tests of several packages share. */
@NullMarked
package io.trunkline.testing;

import org.jspecify.annotations.NullMarked;
