// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.routing.Target;
import io.trunkline.wire.FrontendTag;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client messages held until it is known where they go, with the target they have together and the BEGIN that leads them.
 *
 * <p>Owns one reference of each request's buffer. Bounded by {@code limits.held_bytes}; one per session that is gathering.
 */
final class RequestBatch {
    private final List<Request> requests = new ArrayList<>(4);
    private @Nullable Target target;
    private long heldBytes;
    private int repeats;
    /** {@link Session#placing} when the targets were decided. */
    private int placing;

    private boolean placedOtherwise;
    /** The text of a BEGIN that was answered here already, or null. */
    private byte @Nullable [] begin;

    /**
     * Keeps a request; its buffer has been retained for the batch.
     *
     * @param decidedBy {@link Session#placing} now
     */
    void add(Request request, int decidedBy) {
        if (requests.isEmpty()) {
            placing = decidedBy;
            placedOtherwise = false;
        }
        placedOtherwise |= placing != decidedBy;
        requests.add(request);
        heldBytes += request.available;
    }

    /** Returns the requests in order. */
    List<Request> requests() {
        return requests;
    }

    boolean isEmpty() {
        return requests.isEmpty();
    }

    /** Returns true when something in here can only be answered by a backend. */
    boolean needsBackend() {
        for (Request request : requests) {
            // One with a body is an error that the backend knows the words for.
            boolean free = (request.tag == FrontendTag.SYNC || request.tag == FrontendTag.FLUSH) && !request.hasBody();
            if (!free && request.answer == null && !request.deferrable) {
                return true;
            }
        }
        return false;
    }

    /** Returns true while what was decided about the requests is what would be decided now. */
    boolean isPlacedAs(int present) {
        return requests.isEmpty() || placing == present && !placedOtherwise;
    }

    /** Returns how many bytes are held. */
    long heldBytes() {
        return heldBytes;
    }

    /** Returns how often it has been sent again. */
    int repeats() {
        return repeats;
    }

    /** It is sent again. */
    void repeated() {
        repeats++;
    }

    /** Returns where all of them together may run; null while none of them cares. */
    @Nullable
    Target target() {
        return target;
    }

    void target(@Nullable Target newTarget) {
        target = newTarget;
    }

    /** Returns the text of the BEGIN that is sent before the requests, or null when none was answered here. */
    byte @Nullable [] begin() {
        return begin;
    }

    void begin(byte @Nullable [] sql) {
        begin = sql;
    }

    /** Releases the buffers and forgets everything. Effects have been handed on or undone before. */
    void clear(RequestPool pool) {
        clearRequests(pool);
        begin = null;
        repeats = 0;
    }

    /** Forgets the requests, which were answered here; a BEGIN among them leads those to come. */
    void clearRequests(RequestPool pool) {
        for (Request request : requests) {
            request.buffer.release();
            pool.giveBack(request);
        }
        requests.clear();
        target = null;
        heldBytes = 0;
    }

    /** Undoes what the requests would have brought about, the newest first. */
    void undo() {
        for (int i = requests.size() - 1; i >= 0; i--) {
            Request request = requests.get(i);
            if (request.effect != null) {
                request.effect.onUndone();
            }
            if (request.answer != null) {
                request.answer.onUndone();
            }
        }
    }
}
