// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Settings;
import io.trunkline.relay.Relay;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.WireText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a statement that concerns the session has done once its CommandComplete is there: to the session's settings, to those its backend
 * carries, to its statements and ties.
 *
 * <p>Belongs to its {@link Session}.
 */
final class CompletedCommands {
    private final Session session;
    private final SessionSettings settings;

    CompletedCommands(Session session) {
        this.session = session;
        this.settings = session.settings;
    }

    /**
     * A statement completed.
     *
     * @param text gives another backend the same setting; null when nothing that is known does
     * @param buffer where its CommandComplete stands, at {@code index}
     */
    void completed(
            StatementKind kind, @Nullable SessionCommand command, @Nullable String text, ByteBuf buffer, int index) {
        // What the backend carries now; after a RESET that is not what the session wants.
        Settings carried = backend().settings();
        switch (kind) {
            case SET, SET_ROLE, SET_SESSION_AUTHORIZATION, RESET -> carried = settingCompleted(carried, command, text);
            case SET_TRANSACTION -> {
                if (text == null) {
                    session.shards.staysHere();
                } else {
                    session.shards.completed(text);
                }
                if (command instanceof SessionCommand.SetTransaction said) {
                    session.placement.said(said.mode());
                }
            }
            case SET_SESSION_CHARACTERISTICS -> {
                if (command instanceof SessionCommand.SetSessionCharacteristics characteristics) {
                    for (Map.Entry<String, String> parameter :
                            characteristics.defaults().entrySet()) {
                        String set = SessionSettings.setCommand(parameter.getKey(), parameter.getValue());
                        settings.set(parameter.getKey(), set);
                        session.shards.completed(set);
                        carried = carried.with(parameter.getKey(), set);
                    }
                }
            }
            case SAVEPOINT -> {
                if (command instanceof SessionCommand.Savepoint savepoint) {
                    settings.savepoint(savepoint.name());
                    session.shards.completed("SAVEPOINT " + SessionSettings.identifier(savepoint.name()));
                    session.channels.savepoint(savepoint);
                    if (session.placement.routing().transaction().crosses()) {
                        session.portals.savepoint(savepoint.name());
                    }
                }
            }
            case RELEASE_SAVEPOINT -> {
                if (command instanceof SessionCommand.Release release) {
                    settings.release(release.name());
                    session.shards.completed("RELEASE " + SessionSettings.identifier(release.name()));
                    session.channels.release(release.name());
                    session.portals.release(release.name());
                }
            }
            case ROLLBACK_TO_SAVEPOINT -> {
                if (command instanceof SessionCommand.RollbackTo rollback) {
                    if (!settings.rollbackTo(rollback.name())) {
                        // One that is not followed any more: what the backend has is not known.
                        session.ties.dirty();
                    }
                    session.shards.completed("ROLLBACK TO " + SessionSettings.identifier(rollback.name()));
                    session.portals.rolledBackTo(rollback.name());
                    session.channels.rollbackTo(rollback.name());
                    carried = settings.current();
                }
            }
            case COMMIT, COMMIT_AND_CHAIN, PREPARE_TRANSACTION -> {
                int available = buffer.getInt(index + 1) + 1;
                if (CommandTag.matches(buffer, index, available, "ROLLBACK")) {
                    settings.rollback();
                    session.channels.rollback();
                    carried = settings.current();
                } else {
                    settings.commit();
                    session.channels.commit();
                }
            }
            case ROLLBACK, ROLLBACK_AND_CHAIN -> {
                settings.rollback();
                session.channels.rollback();
                carried = settings.current();
            }
            case DISCARD -> {
                if (command instanceof SessionCommand.Discard discard
                        && discard.what() == SessionCommand.Discarded.ALL) {
                    discarded();
                    carried = Settings.NONE;
                }
            }
            case DECLARE_CURSOR -> {
                if (command instanceof SessionCommand.DeclareCursor declare) {
                    session.portals.onShards().declare(declare.name(), session.shards.shard());
                }
            }
            case CLOSE_CURSOR -> {
                if (command instanceof SessionCommand.CloseCursor close) {
                    session.portals.closed(close.name());
                }
            }
            case LISTEN, UNLISTEN -> session.channels.completed(command);
            case DEALLOCATE -> {
                if (command instanceof SessionCommand.Deallocate deallocate && deallocate.name() == null) {
                    backend().statements().clear();
                }
            }
            default -> {
                // only its pins matter
            }
        }
        backend().noteSettings(carried);
    }

    /** A Query that uses prepared statements got an error, which may say something of them. */
    void failed(List<EditedText.Used> used, ErrorResponse error) {
        for (EditedText.Used one : used) {
            String name = WireText.read(one.statement().backendName());
            if (!error.is(SqlState.INVALID_SQL_STATEMENT_NAME)
                    || error.message().contains(name)) {
                backend().statements().onError(one.statement(), error);
            }
        }
    }

    /** Returns what the backend carries after the command. */
    private Settings settingCompleted(Settings carried, @Nullable SessionCommand command, @Nullable String text) {
        if (command instanceof SessionCommand.Set set && text != null) {
            if (set.mayReachTemporarySchema()) {
                session.ties.pin(SessionEffect.TEMP_SEARCH_PATH);
            }
            session.placement.said(TransactionDefaults.said(set));
            if (set.scope() == SessionCommand.Scope.SESSION && !TransactionDefaults.isOfTransaction(set.name())) {
                settings.set(set.name(), text);
                session.shards.completed(text);
                return SessionSettings.withoutRoleUnder(set.name(), carried)
                        .with(
                                set.name(),
                                Objects.requireNonNull(settings.current().get(set.name())));
            }
            settings.setLocal(set.name(), text);
            if (SessionSettings.isIdentity(set.name())) {
                // What is prepared belongs to the role of that moment, and only that one may commit it.
                session.shards.staysHere();
            } else {
                session.shards.completed("SET LOCAL " + text.substring("SET ".length()));
            }
            return carried;
        }
        if (command instanceof SessionCommand.Reset reset) {
            session.placement.said(TransactionDefaults.reset(reset));
            if (reset.scope() == SessionCommand.Scope.SESSION) {
                settings.reset(reset.name());
                session.shards.staysHere();
                // The backend is at its own default now, which is not the session's when the startup packet named
                // another.
                return SessionSettings.withoutRoleUnder(reset.name(), carried).without(reset.name());
            }
            settings.resetLocal(reset.name());
            session.shards.staysHere();
        } else if (command instanceof SessionCommand.ResetAll) {
            settings.resetAll();
            RouterCommand.resetAll(session);
            session.shards.staysHere();
            Settings identity = Settings.NONE;
            for (String name : List.of(SessionSettings.ROLE, SessionSettings.SESSION_AUTHORIZATION)) {
                String value = carried.get(name);
                identity = value == null ? identity : identity.with(name, value);
            }
            return identity;
        } else {
            // It worked and nobody knows how to say it to another backend, such as SET x FROM CURRENT.
            session.ties.pin(SessionEffect.UNKNOWN_SETTING);
            session.shards.staysHere();
        }
        return carried;
    }

    /** Outside a transaction a ReadyForQuery ended what was sent: what it had set stays, or goes when it failed. */
    void transactionEnded(boolean failed) {
        session.channels.transactionEnded(failed);
        if (!settings.isInFlux()) {
            return;
        }
        if (failed) {
            settings.rollback();
            backend().noteSettings(settings.current());
        } else {
            settings.commit();
        }
    }

    /** The backend has said what of the session is left on it: a parameter whose value is known now can be given to another. */
    void tiesChecked(TieCheck check, TieCheck.Answer answer) {
        Settings carried = backend().settings();
        for (Map.Entry<String, String> parameter : answer.values().entrySet()) {
            if (!session.texts.isUtf8() && !SettingsReplay.isAscii(parameter.getValue())) {
                session.ties.pin(SessionEffect.UNKNOWN_SETTING);
            } else if (!TransactionDefaults.isOfTransaction(parameter.getKey())) {
                // One of the transaction ended with it.
                String command = SessionSettings.startupCommand(parameter.getKey(), parameter.getValue());
                settings.set(parameter.getKey(), command);
                carried = carried.with(parameter.getKey(), command);
            }
        }
        settings.commit();
        backend().noteSettings(carried);
        session.ties.settle(check, answer.left());
    }

    /** The router's own statement has given the backend what the session asked for at startup. */
    void startupRestored() {
        backend().noteSettings(settings.current());
    }

    /** Runs a query that restores what DISCARD ALL has reset before the answer to it ends. */
    void continueAnswer(String sql) {
        Relay relay = session.state().relay();
        if (relay != null) {
            relay.continueAnswer(sql.getBytes(StandardCharsets.UTF_8), restoring());
        }
    }

    /** Makes an effect of the query that restores what the client asked for at startup. */
    ReplyEffect restoring() {
        return new ReplyEffect() {
            @Override
            public void onConfirmed() {
                startupRestored();
            }
        };
    }

    private void discarded() {
        settings.discardAll();
        RouterCommand.resetAll(session);
        session.statements.clear();
        backend().statements().clear();
        session.ties.discarded();
        session.channels.discard();
    }

    private BackendConnection backend() {
        Relay relay = session.state().relay();
        if (relay == null) {
            throw new IllegalStateException("a reply without a relay");
        }
        return relay.backend();
    }
}
