// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.EveryShardCommand;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A command that every shard is given as the client sent it.
 *
 * <p>Definitions, and what empties tables, keep writers of reference tables out, who hold the lock together: so what those have found out of a table stays true.
 */
final class Command implements Repetition {
    private static final String PREPARED = "SELECT pg_catalog.current_setting('max_prepared_transactions')";

    private final ScatterStatement statement;
    private final EveryShardCommand command;
    private final Described described;
    private final Set<Integer> told = new HashSet<>();

    Command(ScatterStatement statement, EveryShardCommand command, Described described) {
        this.statement = statement;
        this.command = command;
        this.described = described;
        // The shape is that of all texts which differ in their strings alone.
        if (command.storesText() && CopiedWords.mayBeMoment(new String(statement.sql(), StandardCharsets.ISO_8859_1))) {
            throw new ScatterRefused(RouteRefusal.COPIES_UNPROVEN.because(
                    "a constant may be read as the present moment, or has escapes"));
        }
    }

    @Override
    public String question(boolean ofFirst) {
        return command.form() == EveryShardCommand.Form.DEFINITION
                ? "SELECT pg_catalog.pg_advisory_xact_lock(" + CopyQuestion.LOCK_CLASS + ", 0); " + PREPARED
                : PREPARED;
    }

    @Override
    public void answered(int shard, List<List<@Nullable String>> rows) {
        if (!rows.isEmpty() && "0".equals(rows.get(0).get(0))) {
            throw new ScatterRefused(RouteRefusal.NOTHING_PREPARED.because("max_prepared_transactions is 0"));
        }
    }

    @Override
    public byte[] first() {
        return statement.sql();
    }

    @Override
    public boolean isClientsText() {
        return true;
    }

    @Override
    public int writeHiddenFormats(ByteBuf out) {
        return 0;
    }

    @Override
    public ByteBuf row(ByteBuf buffer, int index, int length) {
        return buffer.retainedSlice(index, length);
    }

    @Override
    public boolean repeat(ShardStream shard) {
        if (!told.add(shard.index())) {
            return false;
        }
        ByteBuf bind = Unpooled.buffer(64);
        try {
            RepeatedStatement.writeBind(bind, statement, described, formats -> 0);
            shard.run(first(), described.parameterTypes(), bind, 0);
        } finally {
            bind.release();
        }
        return true;
    }

    @Override
    public void repeatedRow(int shard, ByteBuf buffer, int index, int length) {
        // No command of this kind has rows.
    }

    @Override
    public void close() {
        // keeps nothing
    }
}
