// SPDX-License-Identifier: Apache-2.0
/** Tests of what the doctor finds. */
@NullMarked
package io.trunkline.server.doctor;

import org.jspecify.annotations.NullMarked;
