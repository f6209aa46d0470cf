// SPDX-License-Identifier: Apache-2.0
package io.trunkline.scatter;

import io.netty.buffer.Unpooled;
import io.trunkline.routing.ShardSet;
import io.trunkline.routing.Target;
import io.trunkline.sql.ScatterShape.TokenRange;
import io.trunkline.sql.SpreadWrite;
import io.trunkline.sql.TokenText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The words of a write for each of its shards. Parameters keep their numbers: what a shard does not use is ignored there. */
public final class ShardTexts {
    private ShardTexts() {}

    /**
     * Returns the write.
     *
     * @throws IllegalStateException when the statement is not the one that was decided about
     */
    public static ShardWrite write(ScatterStatement statement, ShardSet shards, Target.Work.Write work) {
        List<Integer> indexes = shards.indexes().boxed().toList();
        if (!(work.write() instanceof SpreadWrite.Rows rows)) {
            byte[] text = Arrays.copyOfRange(statement.sql(), statement.start(), statement.end());
            return new ShardWrite(
                    statement, indexes, indexes.stream().map(shard -> text).toList(), new int[0]);
        }
        TokenText text = TokenText.of(
                rows.tokenCount(),
                Unpooled.wrappedBuffer(statement.sql()),
                statement.start(),
                statement.end(),
                statement.standardConformingStrings());
        if (text == null) {
            throw new IllegalStateException("statement of other tokens than its shape");
        }
        List<StringBuilder> texts = new ArrayList<>();
        for (int i = 0; i < indexes.size(); i++) {
            texts.add(new StringBuilder());
        }
        int[] turns = new int[work.rowShards().length];
        for (int i = 0; i < turns.length; i++) {
            turns[i] = indexes.indexOf(work.rowShards()[i]);
            StringBuilder own = texts.get(turns[i]);
            own.append(own.isEmpty() ? text.text(rows.head()) + " " : ", ");
            own.append(text.text(rows.rows().get(i).values()));
        }
        String tail = tail(text, rows.tail());
        List<byte[]> bytes = texts.stream()
                .map(own -> own.append(tail).toString().getBytes(StandardCharsets.UTF_8))
                .toList();
        return new ShardWrite(statement, indexes, bytes, rows.returning() ? turns : new int[0]);
    }

    private static String tail(TokenText text, TokenRange tail) {
        return tail.isEmpty() ? "" : " " + text.text(tail);
    }
}
