// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;

/** The command tag of a statement that begins a transaction: PostgreSQL has two, for the two ways to write it. */
public final class BeginTag {
    private BeginTag() {}

    /**
     * Returns {@code START TRANSACTION} or {@code BEGIN}.
     *
     * @param text one statement of kind {@link StatementKind#BEGIN}; borrowed
     */
    public static String of(ByteBuf text) {
        SqlLexer lexer = new SqlLexer();
        // Before the first word there is no string.
        lexer.reset(text, text.readerIndex(), text.writerIndex(), true);
        Token token = lexer.next();
        while (token == Token.HINT || token != Token.END && lexer.isCharacter(';')) {
            token = lexer.next();
        }
        return token == Token.IDENTIFIER && lexer.isWord("start") ? "START TRANSACTION" : "BEGIN";
    }
}
