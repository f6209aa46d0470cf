// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import java.util.Arrays;

/**
 * Which FunctionCall messages are about large objects: drivers send them by hundreds, and they leave nothing behind on a backend, for descriptors
 * end with their transaction.
 *
 * <p>The OIDs are those of {@code pg_proc.dat}, the same in every release.
 */
final class LargeObjectCalls {
    /** Of lo_create, lo_open, lo_close, loread, lowrite, lo_lseek, lo_creat, lo_tell, lo_unlink, lo_truncate; then their 64-bit forms. */
    static final int[] FUNCTIONS = {715, 952, 953, 954, 955, 956, 957, 958, 964, 1004, 3170, 3171, 3172};

    private LargeObjectCalls() {}

    /** Returns true when the message is one; false also when it has no OID. */
    static boolean isOne(Request request) {
        int body = request.index + 1 + Integer.BYTES;
        return request.available >= 1 + 2 * Integer.BYTES
                && Arrays.binarySearch(FUNCTIONS, request.buffer.getInt(body)) >= 0;
    }
}
