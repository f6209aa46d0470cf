// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.routing.CatalogSnapshot;
import io.trunkline.routing.SettingChange;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.Query;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request that runs something says that concerns a transaction as a whole, and so each shard that it has come to. */
final class TransactionWords {
    private TransactionWords() {}

    /** Returns the statements that a Query or Execute runs; none of any other request, or of one that is not understood. */
    private static List<StatementShape> run(Request request) {
        boolean runs = request.tag == FrontendTag.QUERY || request.tag == FrontendTag.EXECUTE;
        return runs && request.analysis != null ? request.analysis.shape().statements() : List.of();
    }

    /** Returns the kind of the only statement that a request runs, when it is about the transaction; null for all others. */
    static @Nullable StatementKind kind(Request request) {
        boolean runs = request.tag == FrontendTag.QUERY || request.tag == FrontendTag.EXECUTE;
        if (!runs || request.analysis == null) {
            return null;
        }
        StatementKind kind = request.analysis.shape().onlyKind();
        return isAboutTransaction(kind)
                        || kind == StatementKind.BEGIN
                        || kind == StatementKind.CLOSE_CURSOR && closesAll(request)
                ? kind
                : null;
    }

    /** Cursors may be on all shards. */
    private static boolean closesAll(Request request) {
        return command(request) instanceof SessionCommand.CloseCursor close && close.name() == null;
    }

    /** Returns true when a text of several statements has one that is about the transaction. */
    static boolean isAmongOthers(Request request) {
        List<StatementShape> statements = request.tag == FrontendTag.QUERY ? run(request) : List.of();
        return statements.size() > 1 && statements.stream().anyMatch(statement -> isAboutTransaction(statement.kind()));
    }

    private static boolean isAboutTransaction(StatementKind kind) {
        return switch (kind) {
            case COMMIT,
                    ROLLBACK,
                    COMMIT_AND_CHAIN,
                    ROLLBACK_AND_CHAIN,
                    PREPARE_TRANSACTION,
                    SAVEPOINT,
                    RELEASE_SAVEPOINT,
                    ROLLBACK_TO_SAVEPOINT,
                    SET,
                    SET_ROLE,
                    SET_SESSION_AUTHORIZATION,
                    SET_SESSION_CHARACTERISTICS,
                    SET_CONSTRAINTS,
                    SET_TRANSACTION -> true;
            default -> false;
        };
    }

    /** Returns true when the first statement, a BEGIN, says how the transaction is to be. */
    static boolean saysModes(Request request) {
        List<StatementShape> statements = run(request);
        return !statements.isEmpty() && !statements.get(0).transactionMode().equals(TransactionMode.UNSAID);
    }

    /** Returns true for SET LOCAL ROLE and SET LOCAL SESSION AUTHORIZATION. */
    static boolean isLocalRole(Request request) {
        return command(request) instanceof SessionCommand.Set set
                && set.scope() == SessionCommand.Scope.LOCAL
                && SessionSettings.isIdentity(set.name());
    }

    /** Returns true when set_config is called. */
    static boolean callsSetConfig(Request request) {
        return run(request).stream()
                .anyMatch(statement -> statement.functions().contains("set_config")
                        || statement.functions().contains("pg_catalog.set_config"));
    }

    /**
     * Returns true when something is left on the backend that outlives the transaction: locks, temporary tables and the like, or, as far as the catalogue tells,
     * what a function sets.
     */
    static boolean leavesState(Request request, CatalogSnapshot catalog) {
        return run(request).stream()
                .anyMatch(statement -> statement.effects().stream().anyMatch(SessionEffect::pinsSession)
                        || catalog.settingChange(statement.functions()) == SettingChange.LIKELY);
    }

    /** Returns the text that a Query has, or that the statement of an Execute was prepared from. */
    static String text(Request request) {
        if (request.tag == FrontendTag.QUERY) {
            Query query = new Query().wrap(request.buffer, request.index, request.available);
            return request.buffer.toString(query.sqlStart(), query.sqlEnd() - query.sqlStart(), StandardCharsets.UTF_8);
        }
        return request.statement == null ? "" : new String(request.statement.sql(), StandardCharsets.UTF_8);
    }

    private static @Nullable SessionCommand command(Request request) {
        ByteBuf text = Unpooled.wrappedBuffer(text(request).getBytes(StandardCharsets.UTF_8));
        return SessionCommand.read(text, 0, text.readableBytes(), true);
    }
}
