// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterErrors;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.SqlScan;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.ProtocolViolation;

/**
 * Understands client messages: which statement, what it does to the session, where it may run, whether the router answers it.
 *
 * <p>One per event loop, with the readers of each protocol, and the views and the scan they read through; keeps nothing between messages. What a
 * message changes in the session's names is applied at once, because the next message may rely on it, and comes with an effect that can take it
 * back.
 */
final class RequestReader {
    private final SimpleQueryReader simple;
    private final ExtendedQueryReader extended;

    RequestReader(Worker worker) {
        SqlScan scan = new SqlScan();
        SqlStatements names = new SqlStatements(worker);
        RequestTargets targets = new RequestTargets();
        PlannedTargets planned = new PlannedTargets();
        SetConfigCalls calls = new SetConfigCalls();
        CursorRequests cursors = new CursorRequests();
        this.simple = new SimpleQueryReader(worker, scan, names, targets, planned, calls, cursors);
        this.extended = new ExtendedQueryReader(worker, scan, names, targets, planned, calls, cursors);
    }

    /** Fills in what a request means; returns false when that is not known yet: the session is told to proceed when it is. */
    boolean read(Session session, Request request) {
        try {
            return switch (request.tag) {
                case FrontendTag.QUERY -> simple.readQuery(session, request);
                case FrontendTag.PARSE -> extended.readParse(session, request);
                case FrontendTag.BIND -> extended.readBind(session, request);
                case FrontendTag.DESCRIBE -> extended.readDescribe(session, request);
                case FrontendTag.EXECUTE -> extended.readExecute(session, request);
                case FrontendTag.CLOSE -> extended.readClose(session, request);
                case FrontendTag.FUNCTION_CALL -> readFunctionCall(session, request);
                case FrontendTag.SYNC -> {
                    request.kind = Kind.SYNC;
                    yield true;
                }
                case FrontendTag.FLUSH -> readFlush(session, request);
                default -> true;
            };
        } catch (ProtocolViolation violation) {
            if (violation.isFatal()) {
                throw violation;
            }
            request.refusal = RouterErrors.protocolViolation(violation);
            return true;
        }
    }

    private static boolean readFunctionCall(Session session, Request request) {
        request.kind = Kind.FUNCTION_CALL;
        if (session.view().isSharded()) {
            request.refusal = RouterErrors.functionCallNotRouted();
        } else {
            request.target = session.placement.fixedTarget();
            request.planned = session.view().dryRun() == null
                    ? null
                    : PlannedRoute.of(RouteRefusal.UNREADABLE.because("it is a function call message"), null);
        }
        return true;
    }

    /**
     * A Flush with a body fails on a server, which then skips up to Sync; since a Flush is owed no reply that error would fall into the place
     * of another request's.
     */
    private static boolean readFlush(Session session, Request request) {
        if (request.hasBody() && !session.isCopyingIn()) {
            throw ProtocolViolation.error("invalid message format");
        }
        return true;
    }
}
