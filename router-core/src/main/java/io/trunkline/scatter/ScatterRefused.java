// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.trunkline.routing.Target;

/** A query whose rows of several shards cannot be made into the answer of one server; thrown before any of it has run. */
final class ScatterRefused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Target.Refused refusal;

    ScatterRefused(Target.Refused refusal) {
        super(refusal.code(), null, false, false);
        this.refusal = refusal;
    }

    /** Returns the refusal with its code. */
    Target.Refused refusal() {
        return refusal;
    }
}
