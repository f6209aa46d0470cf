// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.sql.KeyOperand;

/** Where PostgreSQL can have the type of a key's parameter from when nobody says it. */
enum TypeOrigin {
    /** From its only place: it is that of the cast, or of the key. */
    HERE,
    /** From another place, where anything stands that compares with the key or can be stored in it. */
    ELSEWHERE,
    /** From another place, where anything stands that the cast takes. */
    BEFORE_CAST;

    static TypeOrigin of(KeyOperand.Parameter parameter) {
        if (parameter.places() == KeyOperand.Places.THIS) {
            return HERE;
        }
        return parameter.cast() == null ? ELSEWHERE : BEFORE_CAST;
    }
}
