// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

/** Something a client of a soak must never see: a wrong answer, or an error that nothing explains. */
final class SoakFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SoakFailure(String message) {
        super(message);
    }
}
