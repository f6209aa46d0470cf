// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatementTextTest {
    private static String text(String sql) {
        ByteBuf buffer = Unpooled.wrappedBuffer(sql.getBytes(StandardCharsets.UTF_8));
        return StatementText.of(buffer, 0, buffer.writerIndex(), true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select * from t where a = 'secret' and b = 17 | select * from t where a = ? and b = ?",
                "select E'a\\'b', $x$ y $x$, U&'z', b'01', 1.5e3 as n | select ?, ... as n",
                "select /* a secret */ 1 -- another | select ?",
                "/* trunkline: shard_key=4711 */ select 1 | select ?",
                "select  a,\tb from   t | select a, b from t",
                "select * from t where a in (1, 2,3) | select * from t where a in (?, ...)",
                "select * from t where a in ($1,$2) and b = $3 | select * from t where a in (?, ...) and b = $3",
                "insert into t values (1, 'a'), (2, 'b'), (3, 'c') | insert into t values (?, ...), ...",
                "insert into t (a, b) values ($1, $2) | insert into t (a, b) values (?, ...)",
                "alter role r password 'secret' | alter role r password ?",
                "do $$ begin perform 'secret'; end $$ | do ?",
                "select \"Order\".x::text, -1 | select \"Order\".x::text, -?",
                "select f(1), f(2) | select f(?), f(?)",
                "select 'no end | select",
            })
    void holdsNoValueOfTheClient(String sql, String expected) {
        assertThat(text(sql.replace("\\t", "\t"))).isEqualTo(expected);
    }

    @Test
    void isBoundedHoweverLongTheStatement() {
        assertThat(text("select a" + ", a".repeat(10_000))).hasSize(StatementText.CHARACTERS_MAX + 3);
        assertThat(text("select 1" + ", 1".repeat(10_000))).isEqualTo("select ?, ...");
        assertThat(text("values (1, 2)" + ", (1, 2)".repeat(10_000))).isEqualTo("values (?, ...), ...");
    }
}
