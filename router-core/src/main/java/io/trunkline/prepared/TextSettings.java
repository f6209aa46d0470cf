// SPDX-License-Identifier: Apache-2.0
package io.trunkline.prepared;

/**
 * What says which statement the bytes of a text are.
 *
 * @param encoding {@code client_encoding}
 * @param conforming {@code standard_conforming_strings}
 */
public record TextSettings(String encoding, boolean conforming) {

    /** Returns true when a text is the same statement under all of them. */
    static boolean isSameUnderAll(byte[] text) {
        for (byte b : text) {
            if (b < 0 || b == '\\') {
                return false;
            }
        }
        return true;
    }
}
