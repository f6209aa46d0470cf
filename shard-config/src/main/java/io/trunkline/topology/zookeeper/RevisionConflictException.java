// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

/** A publication that came too late: what is published is not what the publisher thought it would replace. */
public final class RevisionConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long publishedRevision;

    RevisionConflictException(long publishedRevision, String message) {
        super(message, null, false, false);
        this.publishedRevision = publishedRevision;
    }

    /** Returns the revision that is published, 0 when none is. */
    public long publishedRevision() {
        return publishedRevision;
    }
}
