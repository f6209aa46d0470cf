// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

/**
 * A version of the protocol, as startup packets name it.
 *
 * @param major 3 in every version PostgreSQL speaks today
 * @param minor 0 or 2; 1 was never used
 */
public record ProtocolVersion(int major, int minor) implements Comparable<ProtocolVersion> {
    /** The version every client and server speaks. */
    public static final ProtocolVersion V3_0 = new ProtocolVersion(3, 0);
    /** The version of PostgreSQL 18: cancel keys of up to 256 bytes. */
    public static final ProtocolVersion V3_2 = new ProtocolVersion(3, 2);

    /** Returns the version of its code on the wire. */
    public static ProtocolVersion ofCode(int code) {
        return new ProtocolVersion(code >>> 16, code & 0xffff);
    }

    /** Returns the code on the wire. */
    public int code() {
        return major << 16 | minor;
    }

    @Override
    public int compareTo(ProtocolVersion other) {
        return Integer.compareUnsigned(code(), other.code());
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
