// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** Ends the reading of a statement that cannot be run; never leaves {@link ShardingShapeReader}. Without a stack trace: it is an expected answer. */
final class RefusedStatement extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    RefusedStatement(Refusal refusal) {
        super(refusal.detail(), null, false, false);
        this.refusal = refusal;
    }

    Refusal refusal() {
        return refusal;
    }
}
