// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Synthesis;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.routing.RolePreference;
import io.trunkline.routing.RoutingTable;
import io.trunkline.routing.SessionRouting;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.TransactionStatus;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A statement the router answers itself: SHOW, SET and RESET of {@code trunkline.*}, DEALLOCATE of a statement that backends know by another name, and
 * CLOSE of a cursor over several shards.
 *
 * <p>A setting is changed, and read, when the answer's turn comes; a name of a statement is given up when the request is read.
 */
final class RouterCommand {
    /** The settings a session has of the router. */
    static final List<String> NAMES =
            List.of("trunkline.role", "trunkline.shard", "trunkline.shard_key", "trunkline.route");

    private interface Value {
        String read();
    }

    private interface NameChange {
        /** Changes the session's names of statements now; the effect can take it back. */
        ReplyEffect apply();
    }

    private final String tag;
    private final @Nullable String column;
    private final Value value;
    private final Runnable action;
    private final @Nullable NameChange names;

    private RouterCommand(
            String tag, @Nullable String column, Value value, Runnable action, @Nullable NameChange names) {
        this.tag = tag;
        this.column = column;
        this.value = value;
        this.action = action;
        this.names = names;
    }

    /** Returns true when a command is for the router, whether or not it makes sense. */
    static boolean isForRouter(Session session, @Nullable SessionCommand command) {
        if (command instanceof SessionCommand.Set set) {
            return isRouterName(set.name());
        }
        if (command instanceof SessionCommand.Reset reset) {
            return isRouterName(reset.name());
        }
        if (command instanceof SessionCommand.Show show) {
            return show.name() != null && isRouterName(show.name());
        }
        if (command instanceof SessionCommand.Deallocate deallocate) {
            return deallocate.name() == null
                    ? !session.ties.isPinnedBy(SessionEffect.SQL_PREPARE)
                    : session.statements.get(deallocate.name().text()) != null;
        }
        return command instanceof SessionCommand.CloseCursor close && isOverShards(session, close);
    }

    /** Backends know such a cursor by another name. */
    private static boolean isOverShards(Session session, SessionCommand.CloseCursor close) {
        ShardPortals.Entry cursor = close.name() == null ? null : session.portals.onShards(close.name());
        return cursor != null && cursor.shards() != null;
    }

    /** Returns true for the settings that no backend must see, whether or not there is such a one. */
    static boolean isRouterName(String name) {
        return name.startsWith("trunkline.");
    }

    /** Returns the command, or null when it cannot be carried out: {@link #problem} says why. */
    static @Nullable RouterCommand of(Session session, SessionCommand command) {
        if (problem(session, command) != null) {
            return null;
        }
        if (command instanceof SessionCommand.Show show) {
            String name = String.valueOf(show.name());
            return new RouterCommand("SHOW", name, () -> read(session, name), () -> {}, null);
        }
        if (command instanceof SessionCommand.Set set) {
            return new RouterCommand(
                    "SET", null, () -> "", () -> set(session, set.name(), unquote(set.rawValue())), null);
        }
        if (command instanceof SessionCommand.Reset reset) {
            return new RouterCommand("RESET", null, () -> "", () -> reset(session, reset.name()), null);
        }
        if (command instanceof SessionCommand.CloseCursor close) {
            return new RouterCommand("CLOSE CURSOR", null, () -> "", () -> session.portals.closed(close.name()), null);
        }
        if (command instanceof SessionCommand.Deallocate deallocate) {
            SessionStatements statements = session.statements;
            if (deallocate.name() == null) {
                return deallocate("DEALLOCATE ALL", () -> new AllNamesEffect(statements));
            }
            String name = deallocate.name().text();
            return deallocate("DEALLOCATE", () -> new NameEffect(statements, name, null));
        }
        return null;
    }

    private static RouterCommand deallocate(String tag, NameChange names) {
        return new RouterCommand(tag, null, () -> "", () -> {}, names);
    }

    /** Returns why a command for the router is refused, or null. */
    static @Nullable RouterError problem(Session session, SessionCommand command) {
        if (command instanceof SessionCommand.Show show) {
            return unknown(String.valueOf(show.name()));
        }
        if (command instanceof SessionCommand.Reset reset) {
            return unknown(reset.name());
        }
        if (command instanceof SessionCommand.Set set) {
            return problem(session.identity, session.view().table(), set.name(), unquote(set.rawValue()));
        }
        return null;
    }

    /** Returns why a session with that identity must not give a setting of the router this value, or null. */
    static @Nullable RouterError problem(SessionIdentity identity, RoutingTable table, String name, String value) {
        RouterError unknown = unknown(name);
        if (unknown != null) {
            return unknown;
        }
        if (!identity.mayGiveHints()) {
            return RouterErrors.cannotSetByUser(name, identity.user());
        }
        if (name.equals("trunkline.route")) {
            return RouterErrors.cannotChangeParameter(name);
        }
        if (name.equals("trunkline.role") && role(value) == null) {
            return RouterErrors.invalidParameterValue(name, value, "auto, primary, prefer-replica or replica");
        }
        if (name.equals("trunkline.shard") && !table.knowsShard(value)) {
            return RouterErrors.invalidParameterValue(name, value, "the name of a shard");
        }
        return null;
    }

    /** Gives a new session the settings of the router that its startup packet has, none of which is a {@link #problem}. */
    static void begin(Session session, Map<String, String> settings) {
        settings.forEach((name, value) -> set(session, name, value));
        session.placement.keepWishes();
    }

    private static @Nullable RouterError unknown(String name) {
        return NAMES.contains(name) ? null : RouterErrors.unknownParameter(name);
    }

    private static @Nullable RolePreference role(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "auto" -> RolePreference.AUTO;
            case "primary" -> RolePreference.PRIMARY;
            case "prefer-replica", "prefer_replica" -> RolePreference.PREFER_REPLICA;
            case "replica" -> RolePreference.REPLICA;
            default -> null;
        };
    }

    private static void reset(Session session, String name) {
        SessionRouting.Wishes atStartup = session.placement.wishesAtStartup();
        switch (name) {
            case "trunkline.role" ->
                session.placement.routing(session.placement.routing().withRole(atStartup.role()));
            case "trunkline.shard" -> set(session, name, atStartup.shard());
            case "trunkline.shard_key" -> set(session, name, atStartup.shardKey());
            default -> throw new IllegalStateException(name);
        }
    }

    private static void set(Session session, String name, @Nullable String value) {
        switch (name) {
            case "trunkline.role" -> {
                RolePreference role = value == null ? RolePreference.AUTO : role(value);
                session.placement.routing(
                        session.placement.routing().withRole(role == null ? RolePreference.AUTO : role));
            }
            case "trunkline.shard" ->
                session.placement.routing(session.placement.routing().withShard(value));
            case "trunkline.shard_key" ->
                session.placement.routing(session.placement.routing().withShardKey(value));
            default -> throw new IllegalStateException(name);
        }
    }

    /** Takes all that a session has set of the router back to what it began with. */
    static void resetAll(Session session) {
        SessionRouting.Wishes atStartup = session.placement.wishesAtStartup();
        session.placement.routing(session.placement
                .routing()
                .withRole(atStartup.role())
                .withShard(atStartup.shard())
                .withShardKey(atStartup.shardKey()));
    }

    private static String read(Session session, String name) {
        return switch (name) {
            case "trunkline.role" -> session.placement.routing().wishes().role().label();
            case "trunkline.shard" ->
                String.valueOf(
                        session.placement.routing().wishes().shard() == null
                                ? ""
                                : session.placement.routing().wishes().shard());
            case "trunkline.shard_key" ->
                String.valueOf(
                        session.placement.routing().wishes().shardKey() == null
                                ? ""
                                : session.placement.routing().wishes().shardKey());
            default -> session.placement.lastRoute() + session.planned.last();
        };
    }

    /** Returns what a value says without its quotes. */
    private static String unquote(String raw) {
        String text = raw.strip();
        if (text.length() >= 2 && (text.charAt(0) == '\'' || text.charAt(0) == '"')) {
            String quote = text.substring(0, 1);
            return text.substring(1, text.length() - 1).replace(quote + quote, quote);
        }
        return text;
    }

    /** Returns the answer to a simple Query that has been read. */
    Synthesis answerToQuery() {
        return new Answer(true);
    }

    /** Returns the answer to an Execute that has been read. */
    Synthesis answerToExecute() {
        return new Answer(false);
    }

    /** Returns the answer to Describe of the statement. */
    Synthesis answerToDescribeStatement() {
        return new Synthesis() {
            @Override
            public void writeTo(ByteBuf out, TransactionStatus status) {
                BackendWriter.parameterDescription(out);
                writeColumns(out, 0);
            }
        };
    }

    /** Returns the answer to Describe of a portal that gives its results in a format. */
    Synthesis answerToDescribePortal(int format) {
        return new Synthesis() {
            @Override
            public void writeTo(ByteBuf out, TransactionStatus status) {
                writeColumns(out, format);
            }
        };
    }

    private void writeColumns(ByteBuf out, int format) {
        if (column == null) {
            BackendWriter.noData(out);
        } else {
            BackendWriter.rowDescription(out, List.of(column), format);
        }
    }

    private void writeDescription(ByteBuf out) {
        if (column != null) {
            BackendWriter.rowDescription(out, List.of(column));
        }
    }

    private void writeResult(ByteBuf out) {
        action.run();
        if (column != null) {
            BackendWriter.dataRow(out, Collections.singletonList(value.read()));
        }
        BackendWriter.commandComplete(out, tag);
    }

    /** What the command answers when its turn comes. Its names change now, because the next request may use them. */
    private final class Answer extends Synthesis {
        private final boolean toQuery;
        private @Nullable ReplyEffect change = names == null ? null : names.apply();

        Answer(boolean toQuery) {
            this.toQuery = toQuery;
        }

        @Override
        public void writeTo(ByteBuf out, TransactionStatus status) {
            if (!toQuery) {
                writeResult(out);
                return;
            }
            if (status == TransactionStatus.FAILED) {
                onUndone();
                RouterErrors.transactionAborted().response().encode(out);
            } else {
                writeDescription(out);
                writeResult(out);
            }
            BackendWriter.readyForQuery(out, status);
        }

        @Override
        public void onConfirmed() {
            if (change != null) {
                change.onConfirmed();
            }
        }

        @Override
        public void onUndone() {
            if (change != null) {
                change.onUndone();
                // An answer that says so is given, and confirmed, all the same.
                change = null;
            }
        }
    }
}
