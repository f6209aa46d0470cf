// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import org.jspecify.annotations.Nullable;

/** The fields of an ErrorResponse or NoticeResponse. */
public record ErrorResponse(
        String severity,
        String sqlState,
        String message,
        @Nullable String detail,
        @Nullable String hint) {}
