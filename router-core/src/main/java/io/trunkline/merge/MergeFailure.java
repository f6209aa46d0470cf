// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import io.trunkline.error.RouterError;

/**
 * A merge that cannot go on although the shards did nothing wrong: the statement fails with its error.
 *
 * <p>Expected, so it carries no stack.
 */
public final class MergeFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient RouterError error;

    /** Fails with this error. */
    /** Creates a failure with what the client is told. */
    public MergeFailure(RouterError error) {
        super(error.response().message(), null, false, false);
        this.error = error;
    }

    /** Returns what the client is told. */
    public RouterError error() {
        return error;
    }
}
