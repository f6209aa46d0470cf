// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import java.util.ArrayDeque;

/** Unused requests of one event loop, so that gathering a batch allocates nothing. */
final class RequestPool {
    private static final int KEPT_MAX = 1_024;

    private final ArrayDeque<Request> unused = new ArrayDeque<>();

    Request take() {
        Request request = unused.pollLast();
        return request == null ? new Request() : request;
    }

    void giveBack(Request request) {
        request.clear();
        if (unused.size() < KEPT_MAX) {
            unused.addLast(request);
        }
    }
}
