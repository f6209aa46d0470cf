// SPDX-License-Identifier: Apache-2.0
/**
 * The catalogue of protocol cases and which of them have a test; start reading at {@link io.trunkline.cases.CasesTest}. Imports only what tests
 * of several modules share.
 */
@NullMarked
package io.trunkline.cases;

import org.jspecify.annotations.NullMarked;
