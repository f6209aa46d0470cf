// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

/** What a listener does about TLS. */
public enum EncryptionPolicy {
    /** SSLRequest is answered {@code N}. */
    OFF,
    /** The client may choose. */
    OFFERED,
    /** A startup packet outside TLS is refused with 28000. */
    REQUIRED
}
