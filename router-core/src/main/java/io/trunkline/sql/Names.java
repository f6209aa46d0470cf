// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Names as JSqlParser keeps them, with their quotes, turned into what they mean to PostgreSQL. */
final class Names {
    private Names() {}

    /** Returns the name folded, or unescaped when it is quoted. */
    static String fold(String written) {
        if (isFolded(written)) {
            return written;
        }
        ByteBuf bytes = Unpooled.wrappedBuffer(written.getBytes(StandardCharsets.UTF_8));
        TokenList tokens = new TokenList();
        tokens.read(bytes, 0, bytes.writerIndex(), true);
        if (tokens.size() != 1 || !tokens.token(0).isName()) {
            throw new RefusedStatement(
                    RefusalCode.AMBIGUOUS_TEXT.because("the name " + written + " is not one PostgreSQL knows"));
        }
        return tokens.name(0);
    }

    private static boolean isFolded(String written) {
        for (int i = 0; i < written.length(); i++) {
            char c = written.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c == '_' || i > 0 && SqlLexer.isDigit(c))) {
                return false;
            }
        }
        return !written.isEmpty() && written.length() <= TokenList.NAME_BYTES_MAX;
    }
}
