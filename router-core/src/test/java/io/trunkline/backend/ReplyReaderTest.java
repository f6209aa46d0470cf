// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterErrors;
import io.trunkline.prepared.BackendStatements;
import io.trunkline.testing.ByteBufLeaks;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.SqlState;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a holder is given of a backend's answers; what moves the queue is in {@link ExpectedRepliesTest}. */
@ExtendWith(ByteBufLeaks.class)
class ReplyReaderTest {
    private final List<String> log = new ArrayList<>();
    private final ExpectedReplies expected = new ExpectedReplies(100);
    private final ParameterReports reports = new ParameterReports(ReportedParameters.NONE);
    private final ReplyReader reader = new ReplyReader(
            ByteBufAllocator.DEFAULT, expected, new BackendStatements(10), reports, 1_000, this::onFatal);

    private void onFatal(ErrorResponse error) {
        log.add("fatal " + error.sqlState());
        reader.close();
    }

    @AfterEach
    void close() {
        reader.close();
    }

    @Test
    void handsOverAnAnswerInOneRun() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);

        receive("RowDescription [c]; DataRow [1]; CommandComplete \"SELECT 1\"; ReadyForQuery I");

        assertThat(log)
                .containsExactly(
                        "ready IDLE",
                        "run [RowDescription [c], DataRow [1], CommandComplete \"SELECT 1\", ReadyForQuery I]",
                        "quiet");
    }

    /** M09: the one who waits for the backend must not be given it while an answer to nothing lies in the same read. */
    @Test
    void takesAnAnswerTooManyForAViolationBeforeAnybodyElseCanGetTheBackend() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);

        assertThatThrownBy(() -> receive("EmptyQueryResponse; ReadyForQuery I; ReadyForQuery I"))
                .isInstanceOf(ProtocolViolation.class);

        assertThat(log).containsExactly("ready IDLE", "run [EmptyQueryResponse, ReadyForQuery I]");
    }

    @Test
    void givesWhatComesBehindTheLastAnswerInTheSameReadToTheHolderBeforeItIsQuiet() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);

        receive("EmptyQueryResponse; ReadyForQuery I; NoticeResponse NOTICE 00000 \"late\"");

        assertThat(log)
                .containsExactly(
                        "ready IDLE",
                        "run [EmptyQueryResponse, ReadyForQuery I]",
                        "run [NoticeResponse NOTICE 00000 \"late\"]",
                        "quiet");
    }

    @Test
    void keepsTheAnswerToAQuestionOfTheRouterFromTheHolder() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.SWALLOW, null);
        expected.add(Kind.QUERY, Action.FORWARD, null);

        receive("CommandComplete \"SET\"; ReadyForQuery I; EmptyQueryResponse; ReadyForQuery I");

        assertThat(log).containsExactly("ready IDLE", "run [EmptyQueryResponse, ReadyForQuery I]", "quiet");
    }

    @Test
    void passesNoticesOutOfAnAnswerTheHolderDoesNotGet() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.SWALLOW, null);

        receive("NoticeResponse NOTICE 00000 \"look\"; CommandComplete \"SET\"; ReadyForQuery I");

        assertThat(log).containsExactly("run [NoticeResponse NOTICE 00000 \"look\"]", "quiet");
    }

    @Test
    void dropsNoticesThatNobodyHoldsTheBackendFor() {
        receive("NoticeResponse NOTICE 00000 \"look\"");

        assertThat(log).isEmpty();
        assertThat(reader.isBetweenMessages()).isTrue();
    }

    @Test
    void tellsParametersWithheldBeforeTheReadyForQueryThatEndsTheAnswer() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);
        receive("CommandComplete \"RESET\"");
        expected.frontAction(Action.SWALLOW);
        reports.withhold();
        expected.add(Kind.QUERY, Action.READY_ONLY, null);

        receive("ParameterStatus TimeZone UTC; ReadyForQuery I");
        receive("CommandComplete \"SET\"; ParameterStatus TimeZone CET; ReadyForQuery I");

        assertThat(log)
                .containsExactly(
                        "run [CommandComplete \"RESET\"]",
                        "parameter TimeZone=CET",
                        "ready IDLE",
                        "run [ReadyForQuery I]",
                        "quiet");
    }

    @Test
    void forgetsWithheldParametersWithTheHolder() {
        reader.attach(new Holder());
        reports.withhold();
        receive("ParameterStatus TimeZone CET");

        reader.detach();

        assertThat(reports.current().get("TimeZone")).isEqualTo("CET");
        assertThat(reports.takeWithheld()).isEmpty();
    }

    @Test
    void putsTheRoutersErrorInThePlaceOfTheOneTheBackendWasMadeToGive() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);
        expected.add(Kind.QUERY, Action.SUBSTITUTE_ERROR, new SubstituteError(RouterErrors.tooManyStatements(7)));

        receive("EmptyQueryResponse; ReadyForQuery T; ErrorResponse 42601; ReadyForQuery E");

        assertThat(log)
                .containsExactly(
                        "ready IN_TRANSACTION",
                        "run [EmptyQueryResponse, ReadyForQuery T]",
                        "own [ErrorResponse ERROR 54000 \"too many prepared statements in this session (limit: 7)\"]",
                        "failed FAILED",
                        "run [ReadyForQuery E]",
                        "quiet");
    }

    @Test
    void refusesSuccessWhereTheBackendWasToFail() {
        reader.attach(new Holder());
        expected.add(Kind.PARSE, Action.SUBSTITUTE_ERROR, new SubstituteError(RouterErrors.tooManyStatements(7)));

        assertThatThrownBy(() -> receive("ParseComplete")).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void tellsAnErrorInTheWordsOfItsEffect() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, new ReplyEffect() {
            @Override
            public ErrorResponse translate(ErrorResponse error) {
                return error.with(ErrorResponse.SQLSTATE, SqlState.DUPLICATE_PREPARED_STATEMENT.code());
            }
        });

        receive("ErrorResponse 42601; ReadyForQuery I");

        assertThat(log)
                .containsExactly(
                        "own [ErrorResponse ERROR 42P05 \"made up by the test\"]",
                        "failed IDLE",
                        "run [ReadyForQuery I]",
                        "quiet");
    }

    @Test
    void handsOverWhatCameBeforeAFatalErrorAndNothingBehindIt() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);

        receive("DataRow [1]; ErrorResponse FATAL 57P01; DataRow [2]");

        assertThat(log).containsExactly("run [DataRow [1]]", "fatal 57P01");
    }

    @Test
    void knowsThatTheHolderWasGivenHalfAMessage() {
        reader.attach(new Holder());
        expected.add(Kind.QUERY, Action.FORWARD, null);
        byte[] row = MessageText.encode(Direction.FROM_BACKEND, "DataRow [\"some value\"]");

        feed(Arrays.copyOf(row, 12));

        assertThat(reader.isMidForward()).isTrue();
        assertThat(reader.isBetweenMessages()).isFalse();
    }

    @Test
    void answersItselfWhenItsTurnHasCome() {
        reader.attach(new Holder());
        expected.add(Kind.PARSE, Action.FORWARD, null);
        expected.add(Kind.DESCRIBE_PORTAL, Action.SYNTHESIZE, new NoDataAnswer());
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("ParseComplete; ReadyForQuery I");

        assertThat(log)
                .containsExactly("run [ParseComplete]", "own [NoData]", "ready IDLE", "run [ReadyForQuery I]", "quiet");
    }

    @Test
    void doesNotAnswerItselfWhileAnotherReplyIsOwedFirst() {
        reader.attach(new Holder());
        expected.add(Kind.PARSE, Action.FORWARD, null);
        expected.add(Kind.DESCRIBE_PORTAL, Action.SYNTHESIZE, new NoDataAnswer());

        reader.drainSynthesized();

        assertThat(log).isEmpty();
        assertThat(expected.size()).isEqualTo(2);
    }

    private void receive(String messages) {
        feed(MessageText.encode(Direction.FROM_BACKEND, messages));
    }

    private void feed(byte[] bytes) {
        Fragmenter.whole().feed(bytes, reader::read);
    }

    private static final class NoDataAnswer extends Synthesis {
        @Override
        public void writeTo(ByteBuf out, TransactionStatus status) {
            BackendWriter.noData(out);
        }
    }

    /** Writes down what it hears. */
    private final class Holder implements BackendHolder {
        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            byte[] bytes = new byte[length];
            buffer.getBytes(index, bytes);
            log.add("run " + MessageText.decode(Direction.FROM_BACKEND, bytes));
        }

        @Override
        public void onSynthesized(ByteBuf messages) {
            byte[] bytes = new byte[messages.readableBytes()];
            messages.readBytes(bytes);
            messages.release();
            log.add("own " + MessageText.decode(Direction.FROM_BACKEND, bytes));
        }

        @Override
        public void onReadyForQuery(TransactionStatus status, boolean failed) {
            log.add((failed ? "failed " : "ready ") + status);
        }

        @Override
        public void onQuiet() {
            log.add("quiet");
        }

        @Override
        public void onParameterStatus(String name, String value) {
            log.add("parameter " + name + "=" + value);
        }

        @Override
        public void onLost(ErrorResponse cause, boolean midMessage) {
            log.add("lost");
        }

        @Override
        public void onReadComplete() {
            // nothing to flush
        }

        @Override
        public void onWritabilityChanged(boolean writable) {
            // nothing is written
        }
    }
}
