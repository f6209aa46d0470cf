// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import io.trunkline.error.RouterError;
import io.trunkline.routing.Target;
import io.trunkline.wire.ErrorResponse;
import org.jspecify.annotations.Nullable;

/**
 * Data of a COPY that cannot be divided among shards, or that no server would take: the statement fails with its error.
 *
 * <p>Expected, so it carries no stack.
 */
public final class CopyFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient RouterError error;
    private final @Nullable String refusalCode;

    /** Fails with this error. */
    CopyFailure(RouterError error) {
        this(error, null);
    }

    /** Fails with the error of a refusal. */
    CopyFailure(Target.Refused refused) {
        this(refused.error(), refused.code());
    }

    private CopyFailure(RouterError error, @Nullable String refusalCode) {
        super(error.response().message(), null, false, false);
        this.error = error;
        this.refusalCode = refusalCode;
    }

    /** Returns the same failure with the place in the data where it was met. */
    CopyFailure at(String where) {
        ErrorResponse placed = error.response().with(ErrorResponse.WHERE, where);
        return new CopyFailure(new RouterError(error.kind(), placed), refusalCode);
    }

    /** Returns what the client is told. */
    public RouterError error() {
        return error;
    }

    /** Returns the code of the refusal, or null when it is an error of another kind. */
    public @Nullable String refusalCode() {
        return refusalCode;
    }
}
