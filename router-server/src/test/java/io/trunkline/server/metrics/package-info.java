// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.trunkline.server.metrics;

import org.jspecify.annotations.NullMarked;
