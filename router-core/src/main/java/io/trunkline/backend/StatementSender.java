// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.StatementOrPortal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives prepared statements to one backend and takes them away, and keeps {@link BackendStatements} in step with what becomes of that.
 *
 * <p>Writes to the link at once: whoever has bytes of a client for the backend must have written those before. One per {@link BackendConnection};
 * confined to its event loop.
 */
public final class StatementSender {
    private static final String UNSEEN_NAME = "tl_follow_up";
    private static final byte[] UNSEEN = UNSEEN_NAME.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_NAME = {};
    private static final int[] NO_TYPES = {};
    /** How many statements make room for one: what a long pipeline has added beyond the limit goes again little by little. */
    private static final int EVICTIONS_MAX = 2;

    private final BackendLink link;
    private final ExpectedReplies expected;
    private final BackendStatements statements;

    StatementSender(BackendLink link, ExpectedReplies expected, BackendStatements statements) {
        this.link = link;
        this.expected = expected;
        this.statements = statements;
    }

    /**
     * Sends the statement under the router's name for it, and closes what must go before it.
     *
     * @param name what the client calls it, for errors
     * @param effect what else follows from its success or failure
     * @return how many others were closed to make room
     */
    public int send(PreparedStatement statement, String name, Action action, @Nullable ReplyEffect effect) {
        int evicted = makeRoom(statement);
        ReplyEffect parsed = parsed(statement, effect);
        if (statement.isBySql()) {
            runUnseen(statement.prepareCommand(), action, parsed, statement, name);
        } else {
            expected.add(Kind.PARSE, action, parsed, statement, name);
            writeParse(statement, statement.backendName());
        }
        return evicted;
    }

    /** Sends the statement as the unnamed one, unseen by the client; it is that one already when its text came from the client just now. */
    public void sendUnnamed(PreparedStatement statement, Action action, @Nullable ReplyEffect effect) {
        expectUnnamed(statement, action, effect);
        writeParse(statement, NO_NAME);
    }

    /** Expects the answer to a Parse of the unnamed statement whose bytes somebody else writes. */
    public void expectUnnamed(PreparedStatement statement, Action action, @Nullable ReplyEffect effect) {
        statements.unnamed(statement);
        expected.add(Kind.PARSE, action, new ParseEffect(statements, statement, true, effect));
    }

    /** Returns what follows from the answer to something that gives the backend the statement. */
    public ReplyEffect parsed(PreparedStatement statement, @Nullable ReplyEffect effect) {
        return new ParseEffect(statements, statement, false, effect);
    }

    /** Notes that the backend has a statement, which is about to be sent, and closes what must go before it; returns how many for want of room. */
    public int makeRoom(PreparedStatement statement) {
        if (statements.removeOutdated(statement)) {
            close(statement);
        }
        int evictions = 0;
        while (evictions < EVICTIONS_MAX) {
            PreparedStatement evicted = statements.evict();
            if (evicted == null) {
                break;
            }
            // Close before Parse: the backend may be at its statement limit.
            close(evicted);
            evictions++;
        }
        statements.add(statement);
        return evictions;
    }

    private void close(PreparedStatement statement) {
        statements.closing(statement);
        expected.add(Kind.CLOSE, Action.SWALLOW, new CloseEffect(statements, statement));
        ByteBuf out = link.allocator().buffer(statement.backendName().length + 7);
        FrontendWriter.closeStatement(out, statement.backendName());
        link.write(out);
    }

    private void writeParse(PreparedStatement statement, byte[] name) {
        ByteBuf out = link.allocator()
                .buffer(statement.sql().length + name.length + 9 + 4 * statement.parameterTypes().length);
        FrontendWriter.parse(out, name, statement.sql(), statement.parameterTypes());
        link.write(out);
    }

    /**
     * Runs a text by messages of the extended protocol.
     *
     * @param statement what the text prepares, and {@code name} what the client calls that; or null
     */
    public void runUnseen(
            byte[] sql,
            Action action,
            @Nullable ReplyEffect effect,
            @Nullable PreparedStatement statement,
            @Nullable String name) {
        // Under a name of its own, because the client may go on with its unnamed statement and portal. The Close before
        // it is for the one that an earlier error left behind.
        ByteBuf out = link.allocator().buffer(sql.length + 128);
        FrontendWriter.close(out, StatementOrPortal.Kind.STATEMENT, UNSEEN_NAME);
        FrontendWriter.parse(out, UNSEEN, sql, NO_TYPES);
        FrontendWriter.bind(out, UNSEEN_NAME, UNSEEN_NAME, List.of());
        FrontendWriter.execute(out, UNSEEN_NAME, 0);
        FrontendWriter.close(out, StatementOrPortal.Kind.PORTAL, UNSEEN_NAME);
        FrontendWriter.close(out, StatementOrPortal.Kind.STATEMENT, UNSEEN_NAME);
        expected.add(Kind.CLOSE, action, null);
        expected.add(Kind.PARSE, action, null);
        expected.add(Kind.BIND, action, null);
        expected.add(Kind.EXECUTE, action, effect, statement, name);
        expected.add(Kind.CLOSE, action, null);
        expected.add(Kind.CLOSE, action, null);
        link.write(out);
    }

    /** A statement that is being parsed on the backend: not there after all when that fails. */
    private static final class ParseEffect extends ReplyEffect {
        private final BackendStatements statements;
        private final PreparedStatement statement;
        private final boolean unnamed;
        private final @Nullable ReplyEffect next;
        private boolean duplicate;

        ParseEffect(
                BackendStatements statements,
                PreparedStatement statement,
                boolean unnamed,
                @Nullable ReplyEffect next) {
            this.statements = statements;
            this.statement = statement;
            this.unnamed = unnamed;
            this.next = next;
        }

        @Override
        public ErrorResponse translate(ErrorResponse error) {
            duplicate = error.is(SqlState.DUPLICATE_PREPARED_STATEMENT);
            return next == null ? error : next.translate(error);
        }

        @Override
        public void onConfirmed() {
            statement.parsed();
            if (unnamed) {
                statements.unnamedParsed(statement);
            } else {
                statements.parsed(statement);
            }
            if (next != null) {
                next.onConfirmed();
            }
        }

        @Override
        public void onSkipped() {
            if (unnamed) {
                statements.forgetUnnamed();
            } else {
                statements.remove(statement);
            }
            if (next != null) {
                next.onSkipped();
            }
        }

        @Override
        public void onUndone() {
            if (unnamed) {
                statements.forgetUnnamed();
            } else if (duplicate) {
                // There all the same, as something that must be closed first.
                statements.addOutdated(statement);
            } else {
                statements.remove(statement);
            }
            if (next != null) {
                next.onUndone();
            }
        }
    }

    /** A statement that is being closed on the backend: still there when that was skipped. */
    private static final class CloseEffect extends ReplyEffect {
        private final BackendStatements statements;
        private final PreparedStatement statement;

        CloseEffect(BackendStatements statements, PreparedStatement statement) {
            this.statements = statements;
            this.statement = statement;
        }

        @Override
        public void onConfirmed() {
            statements.closed(statement);
        }

        @Override
        public void onUndone() {
            statements.closed(statement);
            statements.addOutdated(statement);
        }
    }
}
