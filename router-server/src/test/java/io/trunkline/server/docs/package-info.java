// SPDX-License-Identifier: Apache-2.0
/** Keeps what is written about the router true. */
@NullMarked
package io.trunkline.server.docs;

import org.jspecify.annotations.NullMarked;
