// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Case;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(ByteBufLeaks.class)
class FrontendViewsTest {

    @Test
    void readsAParse() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.parse(out, "s1", "select $1", 23, 0));

        Parse parse = new Parse().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(parse.name()).isEqualTo("s1");
        assertThat(Bytes.text(in, parse.sqlStart(), parse.sqlEnd())).isEqualTo("select $1");
        assertThat(parse.parameterTypeCount()).isEqualTo(2);
        assertThat(parse.parameterType(0)).isEqualTo(23);
        assertThat(parse.parameterType(1)).isZero();
        assertThat(parse.isWhole()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s1                     | invalid string in message",
                "s1\\0select            | invalid string in message",
                "s1\\0select 1\\0       | insufficient data left in message",
                "s1\\0select 1\\0\\0    | insufficient data left in message",
                "s1\\0select 1\\0\\0\\1 | insufficient data left in message",
                "s1\\0select 1\\0\\377\\377\\0\\0\\0\\27 | insufficient data left in message",
                "s1\\0select 1\\0\\0\\0! | invalid message format",
            })
    @Case("M05")
    void refusesAMalformedParseAsPostgreSqlDoes(String body, String message) {
        ByteBuf in = Bytes.message('P', unescape(body));

        assertThatThrownBy(() -> new Parse().wrap(in, in.readerIndex(), in.readableBytes()))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.isFatal()).isFalse())
                .hasMessage(message);
    }

    @Test
    void readsTheBeginningOfAParseBeyondTheInspectionLimit() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.parse(out, "s1", "select '" + "x".repeat(100) + "'", 23));

        Parse parse = new Parse().wrap(in, in.readerIndex(), 20);

        assertThat(parse.isWhole()).isFalse();
        assertThat(parse.name()).isEqualTo("s1");
        assertThat(Bytes.text(in, parse.sqlStart(), parse.sqlEnd())).isEqualTo("select 'xxxx");
        assertThat(parse.parameterTypeCount()).isZero();
    }

    @Test
    void refusesANameBeyondTheInspectionLimitWithoutClosing() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.parse(out, "n".repeat(100_000), "select 1"));

        assertThatThrownBy(() -> new Parse().wrap(in, in.readerIndex(), 1000))
                .isInstanceOfSatisfying(ProtocolViolation.class, violation -> {
                    assertThat(violation.sqlState()).isEqualTo(SqlState.PROGRAM_LIMIT_EXCEEDED);
                    assertThat(violation.isFatal()).isFalse();
                });
    }

    @Test
    void readsABindWithEveryKindOfParameter() {
        ByteBuf in = Bytes.buffer(out -> {
            int start = Frame.begin(out, FrontendTag.BIND);
            CString.write(out, "portal");
            CString.write(out, "statement");
            out.writeShort(3).writeShort(0).writeShort(1).writeShort(0);
            out.writeShort(3);
            out.writeInt(2).writeBytes(new byte[] {'4', '2'});
            out.writeInt(4).writeInt(42);
            out.writeInt(-1);
            out.writeShort(2).writeShort(1).writeShort(0);
            Frame.end(out, start);
        });

        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(bind.portal()).isEqualTo("portal");
        assertThat(bind.statement()).isEqualTo("statement");
        assertThat(bind.parameterCount()).isEqualTo(3);
        assertThat(bind.resultFormat(0)).isEqualTo(1);
        assertThat(bind.resultFormat(1)).isZero();
        assertThat(bind.parameterLength(2)).isEqualTo(-1);
        assertThat(bind.parameterLength(0)).isEqualTo(2);
        assertThat(Bytes.text(in, bind.parameterStart(0), bind.parameterStart(0) + 2))
                .isEqualTo("42");
        assertThat(bind.parameterFormat(1)).isEqualTo(1);
        assertThat(bind.parameterLength(1)).isEqualTo(4);
        assertThat(in.getInt(bind.parameterStart(1))).isEqualTo(42);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> bind.parameterLength(3));
    }

    @Test
    @Case("E44")
    void readsABindOf65535Parameters() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.bind(out, "", "", Collections.nCopies(65_535, "7")));

        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(bind.parameterCount()).isEqualTo(65_535);
        for (int k = 0; k < 65_535; k++) {
            assertThat(in.getByte(bind.parameterStart(k))).isEqualTo((byte) '7');
        }
        assertThat(bind.resultFormat(5)).isZero();
    }

    @Test
    void appliesASingleFormatToAllParametersAndColumns() {
        ByteBuf in = Bytes.message('B', "\0\0" + "\0\1\0\1" + "\0\2" + "\0\0\0\1a" + "\0\0\0\1b" + "\0\1\0\1");

        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(List.of(bind.parameterFormat(0), bind.parameterFormat(1), bind.resultFormat(9)))
                .containsOnly(1);
    }

    @Test
    @Case("E45")
    void refusesFormatsThatDoNotMatchTheParameters() {
        ByteBuf in = Bytes.message('B', "\0\0" + "\0\2\0\0\0\1" + "\0\3" + "\377\377\377\377".repeat(3) + "\0\0");
        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThatThrownBy(() -> bind.parameterFormat(0))
                .hasMessage("bind message has 2 parameter formats but 3 parameters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\377\377\377\376", "\177\377\377\377", "\200\0\0\0", "\0\0\0\7"})
    @Case("E46")
    void refusesParameterLengthsThatLeaveTheMessage(String length) {
        ByteBuf in = Bytes.message('B', "\0\0" + "\0\0" + "\0\1" + length + "abcd" + "\0\0");
        in.writeBytes(new byte[100]);
        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThatThrownBy(() -> bind.parameterLength(0)).hasMessage("insufficient data left in message");
        assertThatThrownBy(() -> bind.parameterStart(0)).hasMessage("insufficient data left in message");
        assertThatThrownBy(() -> bind.resultFormat(0)).hasMessage("insufficient data left in message");
    }

    @Test
    void leavesAMalformedTailOfABindForPostgreSqlToJudge() {
        ByteBuf in = Bytes.message('B', "p\0s\0!");

        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(bind.statement()).isEqualTo("s");
        assertThatThrownBy(bind::parameterCount).hasMessage("insufficient data left in message");
    }

    @Test
    void findsAParameterInABindOfWhichTheEndIsNotThere() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.bind(out, "", "s", Arrays.asList("42", "x".repeat(1000))));

        Bind bind = new Bind().wrap(in, in.readerIndex(), 30);

        assertThat(Bytes.text(in, bind.parameterStart(0), bind.parameterStart(0) + bind.parameterLength(0)))
                .isEqualTo("42");
        assertThatThrownBy(() -> bind.parameterLength(1))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.sqlState()).isEqualTo(SqlState.PROGRAM_LIMIT_EXCEEDED));
    }

    @Test
    void renamesTheStatementOfABindWithoutTouchingItsTail() {
        List<String> parameters = Arrays.asList("42", null, "");
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.bind(out, "portal", "s1", parameters));
        ByteBuf expected = Bytes.buffer(out -> FrontendWriter.bind(out, "portal", "longer_name", parameters));
        Bind bind = new Bind().wrap(in, in.readerIndex(), in.readableBytes());

        ByteBuf head =
                Bind.rewriteStatement(ByteBufAllocator.DEFAULT, in, bind.index(), bind.length(), ascii("longer_name"));

        assertThat(Bytes.text(head) + Bytes.text(in, bind.tailStart(), in.writerIndex()))
                .isEqualTo(Bytes.text(expected));
        head.release();
    }

    @Test
    void renamesAParseWithoutTouchingItsSql() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.parse(out, "a_name", "select $1", 23));
        ByteBuf expected = Bytes.buffer(out -> FrontendWriter.parse(out, "r1", "select $1", 23));
        Parse parse = new Parse().wrap(in, in.readerIndex(), in.readableBytes());

        ByteBuf head = Parse.rewriteName(ByteBufAllocator.DEFAULT, in, parse.index(), parse.length(), ascii("r1"));

        assertThat(Bytes.text(head) + Bytes.text(in, parse.sqlStart(), in.writerIndex()))
                .isEqualTo(Bytes.text(expected));
        head.release();
    }

    @Test
    void renamesADescribeAndAClose() {
        for (byte tag : new byte[] {FrontendTag.DESCRIBE, FrontendTag.CLOSE}) {
            ByteBuf in = Bytes.message((char) tag, "Ss1\0");

            ByteBuf renamed = StatementOrPortal.rewriteName(
                    ByteBufAllocator.DEFAULT, in, in.readerIndex(), in.readableBytes() - 1, ascii("r_9f"));

            assertThat(Bytes.text(renamed)).isEqualTo(Bytes.text(Bytes.message((char) tag, "Sr_9f\0")));
            renamed.release();
        }
    }

    @Test
    void readsDescribeAndClose() {
        ByteBuf describe = Bytes.buffer(out -> FrontendWriter.describe(out, StatementOrPortal.Kind.PORTAL, "p1"));
        ByteBuf close = Bytes.buffer(out -> FrontendWriter.close(out, StatementOrPortal.Kind.STATEMENT, ""));
        StatementOrPortal view = new StatementOrPortal();

        assertThat(view.wrap(describe, describe.readerIndex(), describe.readableBytes())
                        .isStatement())
                .isFalse();
        assertThat(view.name()).isEqualTo("p1");
        assertThat(view.wrap(close, close.readerIndex(), close.readableBytes()).isStatement())
                .isTrue();
        assertThat(view.name()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "D | Zs1\\0  | invalid DESCRIBE message subtype 90",
                "C | Zs1\\0  | invalid CLOSE message subtype 90",
                "D | ''      | no data left in message",
                "D | Ss1     | invalid string in message",
                "C | Ss1\\0! | invalid message format",
            })
    @Case({"M05", "M06"})
    void refusesAMalformedDescribeOrCloseAsPostgreSqlDoes(char tag, String body, String message) {
        ByteBuf in = Bytes.message(tag, unescape(body));

        assertThatThrownBy(() -> new StatementOrPortal().wrap(in, in.readerIndex(), in.readableBytes()))
                .hasMessage(message);
    }

    @Test
    void readsAnExecute() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.execute(out, "p1", 50));

        Execute execute = new Execute().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(execute.portal()).isEqualTo("p1");
        assertThat(execute.rowsMax()).isEqualTo(50);
    }

    @Test
    void readsAQuery() {
        ByteBuf in = Bytes.buffer(out -> FrontendWriter.query(out, "select 1; select 2"));

        Query query = new Query().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(Bytes.text(in, query.sqlStart(), query.sqlEnd())).isEqualTo("select 1; select 2");
    }

    @Test
    @Case("Q20")
    void refusesAQueryThatGoesOnAfterItsTerminator() {
        ByteBuf in = Bytes.message('Q', "select 1\0select 2\0");

        assertThatThrownBy(() -> new Query().wrap(in, in.readerIndex(), in.readableBytes()))
                .hasMessage("invalid message format");
    }

    @Test
    void tellsNamesApartThatDifferInBytesThatAreNoUtf8() {
        Bind bind = new Bind();
        ByteBuf first = Bytes.message('B', "\0caf\351\0");
        ByteBuf second = Bytes.message('B', "\0caf\350\0");

        String one =
                bind.wrap(first, first.readerIndex(), first.readableBytes()).statement();
        String other =
                bind.wrap(second, second.readerIndex(), second.readableBytes()).statement();

        assertThat(one).isNotEqualTo(other);
    }

    /** Replaces octal escapes, which annotations cannot carry as NUL without being cut. */
    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            int value = 0;
            int digits = 0;
            while (digits < 3 && i + 1 < text.length() && text.charAt(i + 1) >= '0' && text.charAt(i + 1) <= '7') {
                value = 8 * value + (text.charAt(++i) - '0');
                digits++;
            }
            plain.append((char) value);
        }
        return plain.toString();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
