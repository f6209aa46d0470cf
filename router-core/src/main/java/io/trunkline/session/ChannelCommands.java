// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the LISTEN and UNLISTEN of a text that was just scanned ask of a session's {@link SessionChannels}. */
final class ChannelCommands {
    private ChannelCommands() {}

    /**
     * Returns false while what a request would listen to, stop listening to, or commit of that, is not ready for it: see
     * {@link SessionChannels#prepare}.
     */
    static boolean prepare(
            Session session, Request request, ByteBuf text, SqlScan scan, List<StatementShape> statements) {
        List<SessionCommand> commands = null;
        for (int i = 0; i < statements.size(); i++) {
            StatementKind kind = statements.get(i).kind();
            if (isChannelCommand(kind)) {
                commands = commands == null ? new ArrayList<>(statements.size()) : commands;
                SessionCommand command = shared(statements.get(i), text, scan, i);
                if (command != null) {
                    commands.add(command);
                }
            } else if (commands == null && kind.endsTransaction() && session.channels.isInFlux()) {
                commands = new ArrayList<>(0);
            }
        }
        boolean isVain = statements.size() == 1 && session.status() == TransactionStatus.FAILED;
        return commands == null
                || isVain
                || !session.channels.isShared()
                || session.channels.prepare(request, commands);
    }

    /** Returns true for the one command of a text that needs no backend of the session's own. */
    static boolean isShared(Session session, StatementShape statement, ByteBuf text, SqlScan scan) {
        if (!isChannelCommand(statement.kind()) || !session.channels.isShared()) {
            return false;
        }
        SessionCommand command = shared(statement, text, scan, 0);
        return command instanceof SessionCommand.Listen listen
                ? session.channels.isShareable(listen.channel())
                : command != null;
    }

    /** Returns true for the statements that enter or leave a channel. */
    static boolean isChannelCommand(StatementKind kind) {
        return kind == StatementKind.LISTEN || kind == StatementKind.UNLISTEN;
    }

    /** Returns what a LISTEN or UNLISTEN says; null for one that names its shard, which is meant for that shard's backend. */
    private static @Nullable SessionCommand shared(StatementShape statement, ByteBuf text, SqlScan scan, int index) {
        SessionCommand command = SessionCommand.read(
                text, scan.statementStart(index), scan.statementEnd(index), scan.standardConformingStrings());
        return statement.hint().isNone()
                        && (command instanceof SessionCommand.Listen || command instanceof SessionCommand.Unlisten)
                ? command
                : null;
    }
}
