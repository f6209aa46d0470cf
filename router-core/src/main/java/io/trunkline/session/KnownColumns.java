// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.BackendConnection;
import io.trunkline.error.RouterError;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.relay.Relay;
import io.trunkline.session.SessionState.Checking;
import io.trunkline.wire.ErrorResponse;
import org.jspecify.annotations.Nullable;

/**
 * The check, within a lease, that a statement still has the columns clients know, before the first Bind of it on this backend.
 *
 * <p>Keeps the error of a statement that could not be prepared until its Bind is offered again. Belongs to its {@link Session}.
 */
final class KnownColumns {
    private final Session session;
    private @Nullable PreparedStatement failed;
    private @Nullable ErrorResponse error;

    KnownColumns(Session session) {
        this.session = session;
    }

    /** Begins; the Bind is left unread meanwhile. */
    void check(Relay relay, Request bind) {
        PreparedStatement statement = bind.statement;
        if (statement == null) {
            return;
        }
        session.become(new Checking(relay));
        relay.checkColumns(statement, new BackendConnection.CheckListener() {
            @Override
            public void onChecked(@Nullable ErrorResponse problem) {
                if (session.state() instanceof Checking) {
                    failed = problem == null ? null : statement;
                    error = problem;
                    session.goOn(relay);
                }
            }

            @Override
            public void onLost(ErrorResponse cause) {
                // the session hears of it as of any loss
            }
        });
    }

    /** Returns true, once, when this Bind's statement could not be prepared, and refuses it with the server's error. */
    boolean takeFailure(Request bind) {
        ErrorResponse problem = error;
        boolean ofThis = problem != null && failed == bind.statement;
        if (ofThis && problem != null) {
            bind.refusal = new RouterError(RouterError.Kind.BACKEND, problem);
        }
        failed = null;
        error = null;
        return ofThis;
    }
}
