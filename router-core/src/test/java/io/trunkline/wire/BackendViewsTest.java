// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendViewsTest {

    @Test
    void readsARowDescription() {
        ByteBuf in = Bytes.message(
                'T',
                "\0\2" + "id\0" + "\0\0\100\1" + "\0\1" + "\0\0\0\24" + "\0\10" + "\377\377\377\377" + "\0\1"
                        + "größe\0".replace("ö", "\303\266").replace("ß", "\303\237") + "\0\0\0\0" + "\0\0"
                        + "\0\0\6\244" + "\377\377" + "\0\0\0\16" + "\0\0");

        RowDescription row = new RowDescription().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(row.columnCount()).isEqualTo(2);
        assertThat(row.name(0)).isEqualTo("id");
        assertThat(row.table(0)).isEqualTo(16385);
        assertThat(row.tableColumn(0)).isEqualTo(1);
        assertThat(row.type(0)).isEqualTo(20);
        assertThat(row.typeModifier(0)).isEqualTo(-1);
        assertThat(row.format(0)).isEqualTo(1);
        assertThat(row.name(1)).isEqualTo("größe");
        assertThat(row.type(1)).isEqualTo(1700);
        assertThat(row.typeModifier(1)).isEqualTo(14);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> row.name(2));
    }

    @Test
    void readsRowsOfManyColumns() {
        List<String> values = Collections.nCopies(1600, "value");
        ByteBuf description = Bytes.buffer(out -> BackendWriter.rowDescription(out, values));
        ByteBuf row = Bytes.buffer(out -> BackendWriter.dataRow(out, values));

        RowDescription columns =
                new RowDescription().wrap(description, description.readerIndex(), description.readableBytes());
        DataRow data = new DataRow().wrap(row, row.readerIndex(), row.readableBytes());

        assertThat(columns.columnCount()).isEqualTo(1600);
        assertThat(columns.name(1599)).isEqualTo("value");
        assertThat(data.columnCount()).isEqualTo(1600);
        assertThat(data.text(1599)).isEqualTo("value");
    }

    @Test
    void readsADataRow() {
        ByteBuf in = Bytes.buffer(out -> BackendWriter.dataRow(out, Arrays.asList("a", null, "")));

        DataRow row = new DataRow().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(row.columnCount()).isEqualTo(3);
        assertThat(Arrays.asList(row.text(0), row.text(1), row.text(2))).containsExactly("a", null, "");
        assertThat(row.columnLength(1)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\0",
                "\0\1",
                "\377\377",
                "\0\1\0\0\0\5abcd",
                "\0\1\377\377\377\376",
                "\0\1\177\377\377\377",
                "\0\0!"
            })
    void refusesAMalformedDataRowAndNeverAllocatesByItsCount(String body) {
        ByteBuf in = Bytes.message('D', body);
        in.writeZero(1000);

        assertThatThrownBy(() -> new DataRow().wrap(in, in.readerIndex(), in.readableBytes()))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.isFatal()).isTrue());
    }

    @Test
    void readsAParameterStatus() {
        ByteBuf in = Bytes.buffer(out -> BackendWriter.parameterStatus(out, "TimeZone", ""));

        ParameterStatus status = new ParameterStatus().wrap(in, in.readerIndex(), in.readableBytes());

        assertThat(status.name()).isEqualTo("TimeZone");
        assertThat(status.value()).isEmpty();
    }

    @Test
    void readsEveryTransactionStatusAndRefusesOthers() {
        for (TransactionStatus status : TransactionStatus.values()) {
            ByteBuf in = Bytes.buffer(out -> BackendWriter.readyForQuery(out, status));
            assertThat(TransactionStatus.read(in, in.readerIndex(), in.readableBytes()))
                    .isEqualTo(status);
        }
        ByteBuf wrong = Bytes.message('Z', "X");
        ByteBuf empty = Bytes.message('Z', "");

        assertThatThrownBy(() -> TransactionStatus.read(wrong, wrong.readerIndex(), wrong.readableBytes()))
                .hasMessage("invalid transaction status 88");
        assertThatThrownBy(() -> TransactionStatus.read(empty, empty.readerIndex(), empty.readableBytes()))
                .hasMessage("invalid length of ReadyForQuery");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 0",
                "INSERT 0 5",
                "UPDATE 123456789012345678",
                "BEGIN",
                "CREATE TABLE",
                "DISCARD ALL",
                "ROLLBACK PREPARED",
                "",
                "FETCH 3"
            })
    void readsACommandTagAndWritesItBack(String text) {
        ByteBuf in = Bytes.buffer(out -> BackendWriter.commandComplete(out, text));

        CommandTag tag = CommandTag.read(in, in.readerIndex(), in.readableBytes());

        assertThat(tag.text()).isEqualTo(text);
    }

    @Test
    void countsTheRowsOfACommandTag() {
        assertThat(CommandTag.parse("INSERT 0 5")).isEqualTo(new CommandTag("INSERT 0", 5));
        assertThat(CommandTag.parse("INSERT 0 5")
                        .plus(CommandTag.parse("INSERT 0 7"))
                        .text())
                .isEqualTo("INSERT 0 12");
        assertThat(CommandTag.parse("BEGIN").plus(CommandTag.parse("BEGIN")).text())
                .isEqualTo("BEGIN");
        assertThat(CommandTag.parse("SELECT 1234567890123456789").rows()).isEqualTo(CommandTag.NO_ROWS);
    }

    @Test
    void recognisesACommandTagExactly() {
        ByteBuf in = Bytes.buffer(out -> BackendWriter.commandComplete(out, "DISCARD ALL"));

        assertThat(CommandTag.matches(in, in.readerIndex(), in.readableBytes(), "DISCARD ALL"))
                .isTrue();
        assertThat(CommandTag.matches(in, in.readerIndex(), in.readableBytes(), "DISCARD AL"))
                .isFalse();
        assertThat(CommandTag.matches(in, in.readerIndex(), in.readableBytes(), "DISCARD ALX"))
                .isFalse();
    }

    @Test
    void readsBackendKeysOfBothProtocols() {
        for (int bytes : new int[] {4, 32, 256}) {
            BackendKey key = new BackendKey(-7, new byte[bytes]);
            ByteBuf in = Bytes.buffer(out -> BackendWriter.backendKeyData(out, key));

            assertThat(BackendKey.read(in, in.readerIndex(), in.readableBytes()))
                    .isEqualTo(key)
                    .hasSameHashCodeAs(key);
        }
        for (int bytes : new int[] {0, 3, 257}) {
            ByteBuf in = Bytes.buffer(out -> BackendWriter.backendKeyData(out, new BackendKey(1, new byte[bytes])));

            assertThatThrownBy(() -> BackendKey.read(in, in.readerIndex(), in.readableBytes()))
                    .isInstanceOf(ProtocolViolation.class);
        }
        assertThat(new BackendKey(1, new byte[] {42, 43, 44, 45}).toString()).doesNotContain("42");
    }

    @Test
    void readsAuthenticationRequests() {
        ByteBuf sasl = Bytes.buffer(
                out -> BackendWriter.authenticationSasl(out, List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")));
        ByteBuf md5 = Bytes.buffer(out -> BackendWriter.authenticationMd5Password(out, new byte[] {1, 2, 3, 4}));
        ByteBuf unknown = Bytes.message('R', "\0\0\0\143");
        ByteBuf cut = Bytes.message('R', "\0\0");
        ByteBuf endless = Bytes.message('R', "\0\0\0\12SCRAM");

        assertThat(Authentication.read(sasl, sasl.readerIndex(), sasl.readableBytes()))
                .isEqualTo(Authentication.SASL);
        assertThat(Authentication.mechanisms(sasl, sasl.readerIndex(), sasl.readableBytes()))
                .containsExactly("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");
        assertThat(Authentication.payload(md5, md5.readerIndex(), md5.readableBytes()))
                .containsExactly(1, 2, 3, 4);
        assertThatThrownBy(() -> Authentication.read(unknown, unknown.readerIndex(), unknown.readableBytes()))
                .hasMessage("authentication method 99 is not supported");
        assertThatThrownBy(() -> Authentication.read(cut, cut.readerIndex(), cut.readableBytes()))
                .isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> Authentication.mechanisms(endless, endless.readerIndex(), endless.readableBytes()))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void readsANegotiateProtocolVersion() {
        NegotiateProtocolVersion message =
                new NegotiateProtocolVersion(ProtocolVersion.V3_2, List.of("_pq_.a", "_pq_.b"));
        ByteBuf in = Bytes.buffer(out -> BackendWriter.negotiateProtocolVersion(out, message));

        assertThat(in.getInt(in.readerIndex() + 5))
                .as("the full version, not the minor")
                .isEqualTo(0x0003_0002);
        assertThat(NegotiateProtocolVersion.read(in, in.readerIndex(), in.readableBytes()))
                .isEqualTo(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\0\3\0\0",
                "\0\3\0\0\0\0\0\1a",
                "\0\3\0\0\177\377\377\377",
                "\0\3\0\0\377\377\377\377",
                "\0\3\0\0\0\0\0\0x"
            })
    void refusesAMalformedNegotiateProtocolVersion(String body) {
        ByteBuf in = Bytes.message('v', body);

        assertThatThrownBy(() -> NegotiateProtocolVersion.read(in, in.readerIndex(), in.readableBytes()))
                .hasMessage("invalid NegotiateProtocolVersion message");
    }
}
