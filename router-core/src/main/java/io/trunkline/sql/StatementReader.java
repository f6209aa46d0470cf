// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the shape of every statement of a scanned text from its tokens alone.
 *
 * <p>Grammar it knows: the leading keywords of every PostgreSQL statement, the heads of {@code WITH}, {@code EXPLAIN}, {@code DECLARE} and
 * {@code COPY}, and, anywhere in a query, the words that make it write. Whatever is outside is {@link Access#WRITE}. One per event loop; runs on a miss of
 * the cache only.
 */
public final class StatementReader {
    private static final Set<SessionEffect> HARMLESS_FOR_READS = EnumSet.of(SessionEffect.END_OF_STATE);

    private final TokenList tokens = new TokenList();
    private final StatementHead head = new StatementHead(tokens);
    private final EffectFinder effects = new EffectFinder(tokens, head);
    private final SequenceFinder sequences = new SequenceFinder(tokens);
    private final QueryBody body = new QueryBody(tokens);
    /** The query of the statement was read to its end, and modifies nothing itself. */
    private boolean bodyIsPlain;

    /**
     * Returns the shape of a text.
     *
     * @param scanned the scan of this very text
     * @param text the buffer that was scanned, unchanged; borrowed
     */
    public QueryShape read(SqlScan scanned, ByteBuf text) {
        boolean trusted = scanned.isComplete();
        List<StatementShape> statements = new ArrayList<>(scanned.statementCount());
        for (int i = 0; i < scanned.statementCount(); i++) {
            tokens.read(text, scanned.statementStart(i), scanned.statementEnd(i), scanned.standardConformingStrings());
            trusted &= !tokens.isCutOff();
            boolean last = i == scanned.statementCount() - 1;
            statements.add(shape(last && scanned.hasStrayHint() ? strayHint() : tokens.hint()));
        }
        return new QueryShape(statements, trusted);
    }

    private static Hint strayHint() {
        return Hint.invalid("a hint stands outside of any statement");
    }

    private StatementShape shape(Hint hint) {
        head.read();
        body.reset();
        bodyIsPlain = false;
        StatementKind kind = head.kind();
        Set<SessionEffect> found = EnumSet.noneOf(SessionEffect.class);
        effects.find(kind, found);
        Access access = access(kind, found);
        boolean read = access == Access.READ;
        return new StatementShape(
                kind,
                access,
                body.functions(),
                read ? body.names() : Set.of(),
                read ? body.operators() : Set.of(),
                new TransactionModeReader(tokens).read(kind),
                hint,
                found,
                sequences.find(kind, body, bodyIsPlain),
                returnsRows(kind));
    }

    private Access access(StatementKind kind, Set<SessionEffect> found) {
        return switch (kind) {
            case SELECT, VALUES, TABLE, EXPLAIN, DECLARE_CURSOR, COPY_OUT ->
                readsBody() && leavesNothing(found) ? Access.READ : Access.WRITE;
            case SHOW,
                    SET,
                    SET_ROLE,
                    SET_SESSION_AUTHORIZATION,
                    SET_SESSION_CHARACTERISTICS,
                    SET_CONSTRAINTS,
                    RESET,
                    BEGIN,
                    COMMIT,
                    COMMIT_AND_CHAIN,
                    ROLLBACK,
                    ROLLBACK_AND_CHAIN,
                    SAVEPOINT,
                    RELEASE_SAVEPOINT,
                    ROLLBACK_TO_SAVEPOINT,
                    DISCARD,
                    DEALLOCATE,
                    UNLISTEN,
                    FETCH,
                    MOVE,
                    CLOSE_CURSOR -> Access.NEUTRAL;
            // A snapshot is known to the node that exported it, and exports run on the primary.
            case SET_TRANSACTION -> takesSnapshot() ? Access.WRITE : Access.NEUTRAL;
            default -> Access.WRITE;
        };
    }

    private boolean takesSnapshot() {
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isSequence(i, "transaction", "snapshot")) {
                return true;
            }
        }
        return false;
    }

    private boolean readsBody() {
        bodyIsPlain = body.read(head.queryStart()) && head.readsOnly();
        return bodyIsPlain;
    }

    /** What stays behind belongs on the primary: with it the session is kept there, and what it sends next may be a write. */
    private static boolean leavesNothing(Set<SessionEffect> found) {
        return HARMLESS_FOR_READS.containsAll(found);
    }

    private boolean returnsRows(StatementKind kind) {
        return switch (kind) {
            case SELECT -> !body.hasInto();
            case VALUES, TABLE, EXPLAIN, SHOW, FETCH, EXECUTE, CALL -> true;
            case INSERT, UPDATE, DELETE, MERGE -> hasReturning();
            default -> false;
        };
    }

    private boolean hasReturning() {
        int depth = 0;
        for (int i = 0; i < tokens.size(); i++) {
            if (tokens.isCharacter(i, '(')) {
                depth++;
            } else if (tokens.isCharacter(i, ')')) {
                depth--;
            } else if (depth == 0 && tokens.isWord(i, "returning")) {
                return true;
            }
        }
        return false;
    }
}
