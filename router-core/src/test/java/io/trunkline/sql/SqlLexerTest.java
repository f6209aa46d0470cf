// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.Case;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What PostgreSQL's scanner does with texts that are easily read otherwise. Tokens are joined by {@code ¦}. */
class SqlLexerTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1                         → select¦1
            SELECT a.b, *                    → SELECT¦a¦.¦b¦,¦*
            'it''s'                          → 'it''s'
            'a\\' || 'b'                      → 'a\\'¦||¦'b'
            e'a\\'b' c                        → e'a\\'b'¦c
            E'\\\\' c                          → E'\\\\'¦c
            b'01' x'0f' n'a' U&'\\0061'       → b'01'¦x'0f'¦n'a'¦U&'\\0061'
            "a""b" u&"d\\0061t"              → "a""b"¦u&"d\\0061t"
            U & 'x'                          → U¦&¦'x'
            $$a'b;$$ c                       → $$a'b;$$¦c
            $a$ $b$ $$ $a $a$ c              → $a$ $b$ $$ $a $a$¦c
            $a$x$a$                          → $a$x$a$
            foo$a$b$a$                       → foo$a$b$a$
            $1$a$b$a$                        → $1¦$a$b$a$
            1$a$b$a$                         → 1¦$a$b$a$
            $1+$22                           → $1¦+¦$22
            a$1                              → a$1
            1.5 .5 5. 1e10 1.5E-3 1e         → 1.5¦.5¦5.¦1e10¦1.5E-3¦1¦e
            1..10                            → 1¦..¦10
            0x1F 0o17 0b11 1_000 1_000.0_1   → 0x1F¦0o17¦0b11¦1_000¦1_000.0_1
            1__0                             → 1¦__0
            a-- comment                      → a
            a/* x /* y */ z */b              → a¦b
            a/*/**/*/b                       → a¦b
            a/* '*/b'                        → a¦BROKEN
            =-1                              → =¦-¦1
            @-1                              → @-¦1
            <=-- c                           → <=
            <@/* c */x                       → <@¦x
            +/* c */1                        → +¦1
            a*-1                             → a¦*¦-¦1
            a::int := b => c                 → a¦::¦int¦:=¦b¦=>¦c
            a[1:2]                           → a¦[¦1¦:¦2¦]
            ;;                               → ;¦;
            é = 'ü' "ñ"                      → é¦=¦'ü'¦"ñ"
            'abc                             → BROKEN
            "abc                             → BROKEN
            ""                               → BROKEN
            $$abc                            → BROKEN
            $a$abc$A$                        → BROKEN
            /* /* */                         → BROKEN
            e'\\'                             → BROKEN
            1_0e'x'                          → BROKEN
            1_0$a$                           → BROKEN
            1e'\\''                           → 1¦e'\\''
            'a' 'b'                          → 'a'¦'b'
            """)
    @Case("Q12")
    void cutsTokensWherePostgresqlDoes(String sql, String expected) {
        assertThat(String.join("¦", tokens(sql, true))).isEqualTo(expected);
    }

    @Test
    void continuesConstantsOnTheNextLine() {
        assertThat(tokens("'a'\n'b'", true)).hasSize(1);
        assertThat(tokens("'a' -- it's\n  -- more\n\r 'b' 'c'", true))
                .containsExactly("'a' -- it's\n  -- more\n\r 'b'", "'c'");
        assertThat(tokens("e'a\\''\n'\\'b'", true)).hasSize(1);
        assertThat(tokens("b'0'\n'1' U&'a'\n'b'", true)).hasSize(2);
        assertThat(tokens("'a' /* c */\n'b'", true)).hasSize(2);
        assertThat(tokens("'a' - \n'b'", true)).hasSize(3);
        assertThat(tokens("'a' -- c", true)).hasSize(1);
        assertThat(tokens("$$a$$\n'b'", true)).hasSize(2);
    }

    @Test
    @Case("Q12")
    void takesBackslashesAsEscapesWhileStandardConformingStringsIsOff() {
        assertThat(tokens("'a\\'; b' c", false)).containsExactly("'a\\'; b'", "c");
        assertThat(tokens("n'a\\'' c", false)).containsExactly("n'a\\''", "c");
        assertThat(tokens("U&'a'", false)).containsExactly("BROKEN");
        assertThat(tokens("b'\\' c", false)).containsExactly("b'\\'", "c");
    }

    @Test
    void stopsAtAnEmbeddedNul() {
        assertThat(tokens("select 1\0; drop table t", true)).containsExactly("select", "1", "BROKEN");
        assertThat(tokens("'a\0'", true)).containsExactly("BROKEN");
    }

    @Test
    void showsOnlyCommentsThatAddressTheRouter() {
        assertThat(tokens("/* Trunkline: a=b */ select /* trunk */ 1 -- trunkline: c", true))
                .containsExactly("/* Trunkline: a=b */", "select", "1", "-- trunkline: c");
        assertThat(tokens("/* /* trunkline: a */ */ '/* trunkline: b */'", true))
                .hasSize(1);
    }

    private static List<String> tokens(String sql, boolean standardConformingStrings) {
        ByteBuf text = Unpooled.copiedBuffer("##" + sql + "'", StandardCharsets.UTF_8);
        int end = text.writerIndex() - 1;
        SqlLexer lexer = new SqlLexer();
        lexer.reset(text, 2, end, standardConformingStrings);
        List<String> tokens = new ArrayList<>();
        for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
            if (token == Token.BROKEN) {
                tokens.add("BROKEN");
                return tokens;
            }
            assertThat(lexer.end()).isGreaterThan(lexer.start()).isLessThanOrEqualTo(end);
            tokens.add(text.toString(lexer.start(), lexer.end() - lexer.start(), StandardCharsets.UTF_8));
        }
        return tokens;
    }
}
