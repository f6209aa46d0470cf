// SPDX-License-Identifier: Apache-2.0
package io.trunkline.pool;

import io.trunkline.backend.BackendConnection;
import io.trunkline.health.NodeStatus;

/** The lease of one pooled backend to one request; ends once. */
final class BackendLease implements Lease {
    private final PooledBackend backend;
    private final NodeStatus node;
    private final LeaseRequest holder;
    private boolean over;

    BackendLease(PooledBackend backend, NodeStatus node, LeaseRequest holder) {
        this.backend = backend;
        this.node = node;
        this.holder = holder;
    }

    LeaseRequest holder() {
        return holder;
    }

    @Override
    public BackendConnection backend() {
        return backend.connection();
    }

    @Override
    public NodeStatus node() {
        return node;
    }

    @Override
    public boolean isCurrent() {
        return backend.node().isCurrent(backend);
    }

    @Override
    public void release() {
        end("released");
        backend.node().onReleased(backend);
    }

    @Override
    public void releaseAfterReset() {
        end("released");
        backend.node().onReleasedForReset(backend);
    }

    @Override
    public void discard(String reason) {
        end("discarded");
        backend.node().onDiscarded(backend, reason);
    }

    private void end(String how) {
        if (over) {
            throw new IllegalStateException(
                    "a lease of node " + node.node().name() + " was " + how + " after it had ended");
        }
        over = true;
    }
}
