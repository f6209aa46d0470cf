// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** What is known of the collations of the text values that a query returns. */
public enum TextOrder {
    /** All are ordered by their bytes: collation C, in the encoding of the server. */
    BYTES,
    /** Equal texts have equal bytes, but their order is that of a language. */
    LANGUAGE,
    /** Texts of different bytes may be equal, or the bytes are of another encoding. */
    UNKNOWN
}
