// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.SqlScan;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MessageKeysTest {

    @Test
    void countsLiteralsFromTheBeginningOfEachStatement() {
        ByteBuf text = Unpooled.copiedBuffer(
                "insert into t values (11, 'a'); select 22; insert into t values (33)", StandardCharsets.UTF_8);
        SqlScan scan = new SqlScan();
        scan.scan(text, 0, text.writerIndex(), true);
        MessageKeys keys = new MessageKeys().ofQuery(text, scan, true);

        assertThat(literal(keys, text, 0)).isEqualTo("11");
        keys.toStatement(1);
        assertThat(literal(keys, text, 0)).isEqualTo("22");
        keys.toStatement(2);
        assertThat(literal(keys, text, 0)).isEqualTo("33");
        assertThat(keys.literalCount()).isEqualTo(1);
    }

    private static String literal(MessageKeys keys, ByteBuf text, int literal) {
        int start = keys.literalStart(literal);
        return text.toString(start, keys.literalEnd(literal) - start, StandardCharsets.UTF_8);
    }
}
