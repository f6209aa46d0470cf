// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

/** How a client shows who it is. */
public enum LoginMethod {
    /** Not at all: whoever can connect is believed. */
    TRUST,
    /** By SCRAM-SHA-256, with channel binding where the client can. */
    SCRAM_SHA_256
}
