// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

/** How a value is written for the client: the format codes of the protocol. */
public enum ValueFormat {
    /** Code 0. */
    TEXT,
    /** Code 1. */
    BINARY;

    /** Returns the format of a code. */
    public static ValueFormat of(int code) {
        return switch (code) {
            case 0 -> TEXT;
            case 1 -> BINARY;
            default -> throw new IllegalArgumentException("format code " + code + " (expected: 0 or 1)");
        };
    }
}
