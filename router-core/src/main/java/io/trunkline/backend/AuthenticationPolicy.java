// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

/**
 * Which authentication of a node the router takes part in.
 *
 * <p>A node that asks for less than the minimum may be somebody else who wants the password, so the login ends before anything secret is sent.
 *
 * @param minimum the weakest method accepted
 * @param cleartext when a password may be sent as it is
 */
public record AuthenticationPolicy(Method minimum, Cleartext cleartext) {
    /** Any method a node asks for, a cleartext password only inside TLS. */
    public static final AuthenticationPolicy DEFAULT = new AuthenticationPolicy(Method.NONE, Cleartext.INSIDE_TLS);

    /** The methods of PostgreSQL the router speaks, weakest first. */
    public enum Method {
        /** The node asks for nothing ({@code trust}, {@code cert}). */
        NONE,
        /** The password itself. */
        PASSWORD,
        /** A salted MD5 hash. */
        MD5,
        /** SCRAM without channel binding. */
        SCRAM_SHA_256,
        /** SCRAM bound to the node's certificate. */
        SCRAM_SHA_256_PLUS
    }

    /** When a password may be sent as it is. */
    public enum Cleartext {
        NEVER,
        INSIDE_TLS,
        ALWAYS
    }

    /** Returns true when a method is strong enough. */
    boolean accepts(Method method) {
        return method.compareTo(minimum) >= 0;
    }
}
