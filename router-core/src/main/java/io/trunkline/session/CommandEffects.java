// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.prepared.SessionStatements;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.StatementKind;
import io.trunkline.wire.ErrorResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the statements of one Query or Execute do to the session: each takes effect when its CommandComplete comes.
 *
 * <p>RESET and DISCARD ALL take a backend to its own defaults. Where the client gave other values at startup, a statement of the router's own
 * behind them gives them back, so that what follows runs under them and the client is told of no value in between.
 */
final class CommandEffects extends ReplyEffect {
    /**
     * One statement.
     *
     * @param names what it does to the names of statements; in force already
     * @param own what follows from it when it is the router's own, else null
     */
    private record Step(
            StatementKind kind,
            @Nullable SessionCommand command,
            @Nullable String text,
            @Nullable ReplyEffect names,
            @Nullable ReplyEffect own) {}

    private final Session session;
    private final List<Step> steps = new ArrayList<>(1);
    private @Nullable EditedText edited;
    private @Nullable String continuation;
    private int next;

    CommandEffects(Session session) {
        this.session = session;
    }

    /** Adds a statement that does nothing to the session but by its kind. */
    void add(StatementKind kind) {
        steps.add(new Step(kind, null, "", null, null));
    }

    /** Adds a statement of which {@link SessionCommand#read} said something; its text is read now, the buffer not kept. */
    void add(StatementKind kind, SessionCommand command, ByteBuf buffer, int start, int end) {
        steps.add(new Step(kind, command, replay(command, buffer, start, end), names(command), null));
    }

    /** Returns the text that gives another backend the same setting; null when it is in an encoding that is not read here. */
    private @Nullable String replay(SessionCommand command, ByteBuf buffer, int start, int end) {
        boolean isSetting = command instanceof SessionCommand.Set || command instanceof SessionCommand.SetTransaction;
        if (isSetting && !session.texts.isRead(buffer, start, end)) {
            return null;
        }
        if (command instanceof SessionCommand.Set set) {
            return SessionSettings.setCommand(set.name(), set.rawValue());
        }
        if (command instanceof SessionCommand.SetTransaction) {
            return buffer.toString(start, end - start, StandardCharsets.UTF_8);
        }
        return "";
    }

    private @Nullable ReplyEffect names(SessionCommand command) {
        SessionStatements statements = session.statements;
        if (command instanceof SessionCommand.Prepare prepare) {
            return new SqlNameEffect(statements, prepare.name().text(), true);
        }
        if (!(command instanceof SessionCommand.Deallocate deallocate)) {
            return null;
        }
        if (deallocate.name() == null) {
            return new AllNamesEffect(statements);
        }
        String name = deallocate.name().text();
        return statements.get(name) == null
                ? new SqlNameEffect(statements, name, false)
                : new NameEffect(statements, name, null);
    }

    /** Adds the router's own statement that restores what the one before it has reset. */
    void addRestoring() {
        addOwn(session.commands.restoring());
    }

    /** Adds a statement of the router's own from which nothing follows. */
    void addUnseen() {
        addOwn(new ReplyEffect() {});
    }

    private void addOwn(ReplyEffect effect) {
        steps.add(new Step(StatementKind.OTHER, null, "", null, effect));
    }

    /** Says in what text the steps are sent. */
    void sentAs(EditedText text) {
        edited = text;
    }

    /** Has a query of the router's own run before the answer ends, when all steps have completed. */
    void continueWith(String sql) {
        continuation = sql;
    }

    @Override
    public boolean wantsCommandComplete() {
        return true;
    }

    @Override
    public void onCommandComplete(ByteBuf buffer, int index) {
        // A rewrite rule can complete more commands than there are statements; those are not the session's.
        if (next < steps.size()) {
            Step step = steps.get(next++);
            if (step.own != null) {
                step.own.onConfirmed();
            } else {
                session.commands.completed(step.kind, step.command, step.text, buffer, index);
            }
            confirmNames(step);
            if (next == steps.size() && continuation != null) {
                session.commands.continueAnswer(continuation);
            }
        }
    }

    @Override
    public void onConfirmed() {
        // What the router has answered itself completed without a word of a backend.
        while (next < steps.size()) {
            Step step = steps.get(next++);
            if (step.kind == StatementKind.LISTEN || step.kind == StatementKind.UNLISTEN) {
                session.channels.completed(step.command);
            }
            confirmNames(step);
        }
    }

    private static void confirmNames(Step step) {
        if (step.names != null) {
            step.names.onConfirmed();
        }
    }

    @Override
    public void onUndone() {
        // PREPARE is no part of a transaction: what completed stays.
        for (int i = steps.size() - 1; i >= next; i--) {
            ReplyEffect names = steps.get(i).names;
            if (names != null) {
                names.onUndone();
            }
        }
    }

    @Override
    public boolean hidesNext() {
        return next < steps.size() && steps.get(next).own != null;
    }

    @Override
    public ErrorResponse translate(ErrorResponse error) {
        if (edited == null) {
            return error;
        }
        session.commands.failed(edited.used(), error);
        return edited.translate(error);
    }
}
