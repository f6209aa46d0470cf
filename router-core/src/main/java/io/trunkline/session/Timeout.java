// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.metrics.RouterMetrics.TimeoutKind;

/** What a session may wait for too long. Who answers it is the state: {@link SessionState#onDeadline}. */
enum Timeout {
    /** The node, for the answer to a statement. */
    QUERY(TimeoutKind.QUERY, RouterErrors.queryCanceled("statement timeout")),
    /** The client, for the rest of a COPY FROM or of a message that its backend has the beginning of. */
    COPY_STALL(TimeoutKind.COPY_STALL, RouterErrors.queryCanceled("copy stall timeout")),
    /** Whoever keeps the transaction open. */
    TRANSACTION(TimeoutKind.TRANSACTION, RouterErrors.transactionTimeout()),
    /** The client, for the next statement of its transaction. */
    IDLE_IN_TRANSACTION(TimeoutKind.IDLE_IN_TRANSACTION, RouterErrors.idleInTransactionTimeout()),
    /** The client, for its next statement outside a transaction. */
    IDLE(TimeoutKind.IDLE, RouterErrors.idleSessionTimeout()),
    /** The node, for the answer to a statement that has been cancelled for one of the above. */
    CANCEL(TimeoutKind.CANCEL, RouterErrors.queryCanceled("statement timeout"));

    private final TimeoutKind kind;
    private final RouterError error;

    Timeout(TimeoutKind kind, RouterError error) {
        this.kind = kind;
        this.error = error;
    }

    /** Returns the label in the metrics. */
    TimeoutKind kind() {
        return kind;
    }

    /** Returns what the client is told; a fatal error ends its connection. */
    RouterError error() {
        return error;
    }
}
