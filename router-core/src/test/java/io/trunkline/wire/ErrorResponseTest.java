// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.trunkline.testing.Case;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorResponseTest {

    @Test
    @Case("M10")
    void keepsUnknownFieldsTheirOrderAndTheirBytes() {
        ByteBuf in = Bytes.message(
                'E',
                "C42P01\0?future\0S\316\330\310\301\312\301\0VERROR\0M\317\324\316\317\333\305\316\311\305 \"x\"\0P15\0R\0\0");

        ErrorResponse error = ErrorResponse.parse(in, in.readerIndex(), in.readableBytes());
        ByteBuf again = Bytes.buffer(error::encode);

        assertThat(error.sqlState()).isEqualTo("42P01");
        assertThat(error.severity()).isEqualTo("ERROR");
        assertThat(error.field('?')).isEqualTo("future");
        assertThat(error.field(ErrorResponse.ROUTINE)).isEmpty();
        assertThat(error.hint()).isNull();
        assertThat(Bytes.text(again)).isEqualTo(Bytes.text(in));
    }

    @Test
    void writesWhatItWasBuiltOf() {
        ErrorResponse error = ErrorResponse.builder(Severity.FATAL, SqlState.ADMIN_SHUTDOWN, "going away")
                .detail("Detail.")
                .hint("Hint.")
                .build();

        assertThat(Bytes.text(Bytes.buffer(error::encode)))
                .isEqualTo("E\0\0\0\100SFATAL\0VFATAL\0C57P01\0Mgoing away\0DDetail.\0HHint.\0\0"
                        .replace(
                                "\100",
                                "" + (char) (4 + "SFATAL.VFATAL.C57P01.Mgoing away.DDetail..HHint...".length())));
        assertThat(Bytes.text(Bytes.buffer(error::encodeNotice))).startsWith("N\0\0\0");
        assertThat(error.isFatal()).isTrue();
        assertThat(error.is(SqlState.ADMIN_SHUTDOWN)).isTrue();
    }

    @Test
    @Case("D08")
    void changesSeverityInBothFieldsThatCarryIt() {
        ErrorResponse error = ErrorResponse.of(Severity.FATAL, SqlState.ADMIN_SHUTDOWN, "going away")
                .withSeverity(Severity.ERROR);

        assertThat(error).isEqualTo(ErrorResponse.of(Severity.ERROR, SqlState.ADMIN_SHUTDOWN, "going away"));
    }

    @Test
    void addsAFieldOrReplacesIt() {
        ErrorResponse error = ErrorResponse.of(Severity.ERROR, SqlState.INTERNAL_ERROR, "message");

        ErrorResponse changed = error.with(ErrorResponse.MESSAGE, "other").with(ErrorResponse.WHERE, "there");

        assertThat(changed.message()).isEqualTo("other");
        assertThat(changed.field(ErrorResponse.WHERE)).isEqualTo("there");
        assertThat(changed.fields()).hasSize(error.fields().size() + 1);
    }

    @Test
    void takesTheTranslatedSeverityOfServersThatSendNoOther() {
        ByteBuf in = Bytes.message('E', "SFATAL\0C57P03\0Mstarting up\0\0");

        assertThat(ErrorResponse.parse(in, in.readerIndex(), in.readableBytes()).isFatal())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\0", "SERROR\0Mno code\0\0", "C42\0\0", "SERROR\0C42P01\0", "SERROR\0C42P01", "C42P01\0\0x"
            })
    void refusesResponsesAHealthyServerNeverSends(String body) {
        ByteBuf in = Bytes.message('E', body);

        assertThatThrownBy(() -> ErrorResponse.parse(in, in.readerIndex(), in.readableBytes()))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.isFatal()).isTrue());
    }

    @Test
    void readsWhatIsThereOfAResponseBeyondTheInspectionLimit() {
        ByteBuf in = Bytes.message('E', "SERROR\0VERROR\0C22000\0M" + "x".repeat(1000) + "\0\0");

        ErrorResponse error = ErrorResponse.parse(in, in.readerIndex(), 60);

        assertThat(error.sqlState()).isEqualTo("22000");
        assertThat(error.message()).isEmpty();
    }

    @Test
    void violationsBecomeResponses() {
        ErrorResponse error = ProtocolViolation.error("invalid message format").response();
        ErrorResponse fatal = ProtocolViolation.fatal("invalid message length").response();

        assertThat(error)
                .isEqualTo(ErrorResponse.of(Severity.ERROR, SqlState.PROTOCOL_VIOLATION, "invalid message format"));
        assertThat(fatal)
                .isEqualTo(ErrorResponse.of(Severity.FATAL, SqlState.PROTOCOL_VIOLATION, "invalid message length"));
    }
}
