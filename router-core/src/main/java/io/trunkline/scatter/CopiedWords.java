// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.routing.RouteRefusal;
import io.trunkline.sql.CopyWrite;
import io.trunkline.sql.ScatterShape.TokenRange;
import io.trunkline.sql.TokenText;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** UPDATE and DELETE of a reference table: the same words everywhere, but that the first shard alone says what time it is. */
final class CopiedWords implements Repetition {
    /** What the input of times reads as a moment; a constant with such a word need not be one, but may. */
    private static final Pattern MOMENT = Pattern.compile(
            "(?<![\\p{Alpha}])(now|today|tomorrow|yesterday)(?![\\p{Alpha}])", Pattern.CASE_INSENSITIVE);
    /** Continued on another line, or with escapes: read by the server alone. */
    private static final Pattern UNREAD = Pattern.compile("'\\s*\\n\\s*'|\\\\");

    private final ScatterStatement statement;
    private final CopyWrite.SameWords write;
    private final CopyFacts facts;
    private final TokenText text;
    private final Described described;
    private final Set<Integer> told = new HashSet<>();

    CopiedWords(ScatterStatement statement, CopyWrite.SameWords write, Described described) {
        this.statement = statement;
        this.write = write;
        this.described = described;
        this.facts = new CopyFacts();
        this.text = CopiedRows.text(statement, write.tokenCount());
        refuseMoments();
    }

    private void refuseMoments() {
        for (int i = 0; i < write.tokenCount(); i++) {
            if (text.isLiteral(i)) {
                String raw = text.raw(i);
                boolean string = raw.indexOf('\'') >= 0 || raw.indexOf('$') >= 0;
                if (string && mayBeMoment(raw)) {
                    throw moment("a constant");
                }
            }
        }
        for (int i = 0; i < statement.parameterCount(); i++) {
            if (MOMENT.matcher(statement.parameterBytes(i)).find()) {
                throw moment("a parameter");
            }
        }
    }

    /** Returns true for words of SQL that the input of times may read as a moment, or that only a server can read. */
    static boolean mayBeMoment(String raw) {
        return MOMENT.matcher(raw).find() || UNREAD.matcher(raw).find();
    }

    private static ScatterRefused moment(String where) {
        return new ScatterRefused(
                RouteRefusal.COPIES_UNPROVEN.because(where + " may be read as the present moment, or has escapes"));
    }

    @Override
    public String question(boolean ofFirst) {
        return CopyQuestion.of(write, ofFirst && !write.times().isEmpty());
    }

    @Override
    public void answered(int shard, List<List<@Nullable String>> rows) {
        if (shard == 0) {
            facts.answeredFirst(rows, readsOthers(), false);
        } else {
            facts.answeredOther(rows);
        }
    }

    /** Rows that are changed must be the latest on each shard, others need not under REPEATABLE READ. */
    private boolean readsOthers() {
        return write.tables().used().size() > 1
                || Stream.of("select", "using", "values").anyMatch(write.names()::contains);
    }

    @Override
    public byte[] first() {
        StringBuilder words = new StringBuilder();
        int from = 0;
        for (CopyWrite.TimeCall call : write.times()) {
            words.append(text.text(new TokenRange(from, call.range().from())))
                    .append(' ')
                    .append(facts.constant(call.function()))
                    .append(' ');
            from = call.range().to();
        }
        words.append(text.text(new TokenRange(from, write.tokenCount())));
        return words.toString().getBytes(StandardCharsets.UTF_8);
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
        ByteBuf bind = Unpooled.buffer(256);
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
        // As many as on the first shard, which the tag tells.
    }

    @Override
    public void close() {
        // keeps nothing
    }
}
