// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.Target;
import io.trunkline.wire.FrontendTag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which batches may run a query on several shards: one query and its ReadyForQuery, so that nothing before it or behind it needs a shard. */
final class ScatterBatch {
    private ScatterBatch() {}

    /**
     * Returns why a batch cannot run on several shards, or null when it can.
     *
     * @param complete whether the batch ends its group
     */
    static Target.@Nullable Refused problem(List<Request> requests, boolean complete) {
        if (!complete) {
            return RouteRefusal.SCATTER_NOT_ALONE.because("its group goes on");
        }
        Request query = null;
        boolean executed = false;
        for (Request request : requests) {
            switch (request.tag) {
                case FrontendTag.QUERY -> {
                    if (request.analysis != null
                            && request.analysis.shape().statements().size() != 1) {
                        return RouteRefusal.SCATTER_NOT_ALONE.because("its text has another statement");
                    }
                    return requests.size() == 1 && request.rewritten == null
                            ? null
                            : RouteRefusal.SCATTER_NOT_ALONE.because("other requests stand before it");
                }
                case FrontendTag.BIND -> {
                    if (query != null || request.statement == null) {
                        return RouteRefusal.SCATTER_NOT_ALONE.because("its group has another Bind");
                    }
                    query = request;
                }
                case FrontendTag.EXECUTE -> {
                    if (isResumed(requests)) {
                        return problemOfResumed(requests);
                    }
                    if (executed || query == null || request.followUp != null) {
                        return RouteRefusal.SCATTER_NOT_ALONE.because("its group has another Execute");
                    }
                    executed = true;
                }
                case FrontendTag.PARSE,
                        FrontendTag.DESCRIBE,
                        FrontendTag.CLOSE,
                        FrontendTag.SYNC,
                        FrontendTag.FLUSH -> {
                    // about statements: below
                }
                default -> {
                    return RouteRefusal.SCATTER_NOT_ALONE.because("its group has a request of another kind");
                }
            }
        }
        if (query == null || !executed) {
            return RouteRefusal.SCATTER_NOT_ALONE.because("its group does not execute it");
        }
        return isAboutOne(requests, query.statement)
                ? null
                : RouteRefusal.SCATTER_NOT_ALONE.because("its group is about other statements, too");
    }

    /** Returns true when a batch goes on with a portal that was left in the middle, or a cursor. */
    private static boolean isResumed(List<Request> requests) {
        return requests.get(0).target instanceof Target.Scatter scatter && scatter.work() instanceof Target.Work.Resume;
    }

    private static Target.@Nullable Refused problemOfResumed(List<Request> requests) {
        for (int i = 1; i < requests.size(); i++) {
            switch (requests.get(i).tag) {
                case FrontendTag.CLOSE, FrontendTag.SYNC -> {
                    // nothing that needs a shard
                }
                default -> {
                    return RouteRefusal.SCATTER_NOT_ALONE.because("its group has a request of another kind");
                }
            }
        }
        return null;
    }

    private static boolean isAboutOne(List<Request> requests, @Nullable PreparedStatement statement) {
        for (Request request : requests) {
            boolean names = request.answer == null
                    && (request.tag == FrontendTag.PARSE
                            || request.tag == FrontendTag.DESCRIBE && request.kind == Kind.DESCRIBE_STATEMENT);
            if (names && request.statement != statement) {
                return false;
            }
        }
        return true;
    }

    /** Returns the Query or the Bind of such a batch. */
    static Request statementRequest(List<Request> requests) {
        for (Request request : requests) {
            if (request.tag == FrontendTag.QUERY || request.tag == FrontendTag.BIND) {
                return request;
            }
        }
        throw new IllegalStateException("batch without a query");
    }
}
