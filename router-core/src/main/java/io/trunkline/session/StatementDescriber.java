// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendHolder;
import io.trunkline.backend.EventLoopClock.Cancellable;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.pool.Lease;
import io.trunkline.pool.ShardPool;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.routing.ShardSet;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.TransactionStatus;
import java.time.Duration;
import java.util.List;

/**
 * Learns the parameter types of a statement whose client left them open, from any shard, unseen by the client: without them a binary shard key
 * cannot be read.
 *
 * <p>When the statement cannot be parsed, no backend is given or the backend is lost, the session is told the error, and answers its Bind with it;
 * the next Bind asks again.
 */
final class StatementDescriber {
    private static final byte[] UNNAMED = {};

    /** How long a server may take: a table may be locked by another, or by the very transaction that waits for the types. */
    static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);

    private StatementDescriber() {}

    static void describe(Session session, PreparedStatement statement) {
        int wait = session.awaitedTypes.begin();
        int shard = Math.max(0, RequestTargets.placedShard(statement.analysis()));
        ShardLeases leases = new ShardLeases(
                session,
                ShardSet.of(session.view().table().shardCount(), shard),
                ShardPool.Role.PREFER_REPLICA,
                // Names and types are found by the session's search path, as its role.
                session.settings.current(),
                new ShardLeases.Listener() {
                    @Override
                    public void onLeased(List<Lease> granted) {
                        session.awaitedTypes.leased(wait);
                        new Description(session, statement, granted.get(0), wait).send();
                    }

                    @Override
                    public void onRefused(RouterError error) {
                        session.awaitedTypes.failed(wait, error);
                        session.awaitedTypes.ended(wait);
                        session.proceedLater();
                    }
                });
        session.awaitedTypes.leasing(leases);
        leases.leaseNext();
    }

    /** One Parse and Describe on a leased backend. */
    private static final class Description implements BackendHolder {
        private final Session session;
        private final PreparedStatement statement;
        private final Lease lease;
        private final BackendConnection backend;
        private final int wait;
        private final Cancellable deadline;

        Description(Session session, PreparedStatement statement, Lease lease, int wait) {
            this.session = session;
            this.statement = statement;
            this.lease = lease;
            this.wait = wait;
            this.backend = lease.backend();
            this.deadline = session.worker.clock().schedule(ANSWER_LIMIT.toNanos(), this::onOverdue);
        }

        void send() {
            backend.attach(this);
            backend.statements().forgetUnnamed();
            backend.expected().add(Kind.PARSE, Action.SWALLOW, new ParseEffect(session.awaitedTypes, wait));
            backend.expected().add(Kind.DESCRIBE_STATEMENT, Action.SWALLOW, new DescribeEffect(statement));
            backend.expected().add(Kind.SYNC, Action.SWALLOW, null);
            ByteBuf out = backend.link().allocator().buffer(statement.sql().length + 32);
            FrontendWriter.parse(out, UNNAMED, statement.sql(), statement.parameterTypes());
            FrontendWriter.describeStatement(out, UNNAMED);
            FrontendWriter.sync(out);
            backend.link().write(out);
            backend.link().flush();
        }

        private void onOverdue() {
            backend.detach(this);
            session.awaitedTypes.failed(
                    wait,
                    RouteRefusal.KEY_UNREADABLE
                            .because("no server has told the types of the parameters within " + ANSWER_LIMIT.toSeconds()
                                    + " s, as when a table is locked")
                            .error());
            session.awaitedTypes.ended(wait);
            lease.discard("types of parameters not told in time");
            session.proceedLater();
        }

        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            // An error, which the session has from the effect.
        }

        @Override
        public void onSynthesized(ByteBuf messages) {
            messages.release();
        }

        @Override
        public void onReadyForQuery(TransactionStatus status, boolean failed) {
            // onQuiet follows
        }

        @Override
        public void onQuiet() {
            deadline.cancel();
            backend.detach(this);
            lease.release();
            session.awaitedTypes.ended(wait);
            session.proceedLater();
        }

        @Override
        public void onParameterStatus(String name, String value) {
            // kept by the backend
        }

        @Override
        public void onLost(ErrorResponse cause, boolean midMessage) {
            // The node may have died of the statement: another one is not asked.
            deadline.cancel();
            session.awaitedTypes.failed(
                    wait, RouterErrors.transactionLost(backend.target().node()));
            session.awaitedTypes.ended(wait);
            lease.discard("lost");
            session.proceedLater();
        }

        @Override
        public void onReadComplete() {
            // nothing for the client
        }

        @Override
        public void onWritabilityChanged(boolean writable) {
            // three short messages
        }
    }

    /** Tells the session why the statement could not be parsed. */
    private static final class ParseEffect extends ReplyEffect {
        private final AwaitedTypes awaited;
        private final int wait;

        ParseEffect(AwaitedTypes awaited, int wait) {
            this.awaited = awaited;
            this.wait = wait;
        }

        @Override
        public ErrorResponse translate(ErrorResponse error) {
            awaited.failed(wait, RouterErrors.notDescribed(error));
            return error;
        }
    }
}
