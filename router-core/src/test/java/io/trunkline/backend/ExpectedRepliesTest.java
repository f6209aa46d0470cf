// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.ExpectedReplies.Action;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.error.RouterErrors;
import io.trunkline.relay.FixedAnswer;
import io.trunkline.testing.Case;
import io.trunkline.testing.Fragmenter;
import io.trunkline.testing.MessageText;
import io.trunkline.testing.ScriptedBackend;
import io.trunkline.testing.TestRouter;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.MessageScanner.Direction;
import io.trunkline.wire.TransactionStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The replies a backend owes, and what moves them: a real connection is told what was asked and hears the answers. */
class ExpectedRepliesTest {
    private final List<String> log = new ArrayList<>();
    private TestRouter router;
    private ScriptedBackend backend;
    private ExpectedReplies expected;

    @BeforeEach
    void holdABackend() {
        router = new TestRouter.Plan().start();
        router.connect(Map.of());
        backend = router.backends().get(0);
        expected = backend.connection().expected();
        backend.connection().attach(new Holder());
    }

    @AfterEach
    void close() {
        router.close();
    }

    @ParameterizedTest
    @CsvSource({"PARSE,ParseComplete", "BIND,BindComplete", "CLOSE,CloseComplete"})
    void completionsConfirmParseBindAndClose(Kind kind, String reply) {
        expected.add(kind, Action.FORWARD, effect("it"));

        receive(reply);

        assertThat(log).containsExactly("it confirmed", reply);
        assertThat(expected.isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "DESCRIBE_STATEMENT,RowDescription [c]",
        "DESCRIBE_STATEMENT,NoData",
        "DESCRIBE_PORTAL,RowDescription [c]",
        "DESCRIBE_PORTAL,NoData"
    })
    void descriptionsCompleteDescribe(Kind kind, String reply) {
        expected.add(kind, Action.FORWARD, effect("it"));

        receive(reply);

        assertThat(log).containsExactly("it confirmed", reply);
        assertThat(expected.isEmpty()).isTrue();
    }

    @Test
    void parameterDescriptionCompletesNothing() {
        expected.add(Kind.DESCRIBE_STATEMENT, Action.FORWARD, effect("it"));

        receive("ParameterDescription [23]");

        assertThat(log).containsExactly("it described", "ParameterDescription [23]");
        assertThat(expected.size()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"CommandComplete \"SELECT 1\"", "EmptyQueryResponse", "PortalSuspended"})
    void theEndOfAStatementCompletesExecute(String reply) {
        expected.add(Kind.EXECUTE, Action.FORWARD, effect("it"));

        receive(reply);

        assertThat(log).containsExactly("it confirmed", reply);
        assertThat(expected.isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"CommandComplete \"SELECT 1\"", "EmptyQueryResponse"})
    void theEndOfAStatementCompletesNothingWithinAQuery(String reply) {
        expected.add(Kind.QUERY, Action.FORWARD, effect("it"));

        receive(reply);

        assertThat(log).containsExactly(reply);
        assertThat(expected.size()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"SYNC", "QUERY", "FUNCTION_CALL"})
    void readyForQueryCompletesWhatItEnds(Kind kind) {
        expected.add(kind, Action.FORWARD, effect("it"));

        receive("ReadyForQuery T");

        assertThat(log).containsExactly("it confirmed", "ready IN_TRANSACTION", "ReadyForQuery T", "quiet");
        assertThat(backend.connection().status()).isEqualTo(TransactionStatus.IN_TRANSACTION);
    }

    @Test
    void rowsAndAsynchronousMessagesCompleteNothing() {
        expected.add(Kind.EXECUTE, Action.FORWARD, effect("it"));

        receive(
                "DataRow [1]; NoticeResponse NOTICE 00000 hi; NotificationResponse a b; ParameterStatus x y; DataRow [2]");

        assertThat(expected.size()).isEqualTo(1);
        assertThat(log)
                .containsExactly(
                        "DataRow [1]",
                        "NoticeResponse NOTICE 00000 \"hi\"",
                        "NotificationResponse a b",
                        "parameter x=y",
                        "DataRow [2]");
    }

    @Test
    void anErrorDropsAllUpToSyncAndUndoesTheNewestFirst() {
        expected.add(Kind.PARSE, Action.FORWARD, effect("parse"));
        expected.add(Kind.BIND, Action.FORWARD, effect("bind"));
        expected.add(Kind.EXECUTE, Action.FORWARD, effect("execute"));
        expected.add(Kind.SYNC, Action.FORWARD, effect("sync"));
        expected.add(Kind.PARSE, Action.FORWARD, effect("next"));

        receive("ErrorResponse 42601 x");

        assertThat(log)
                .containsExactly("execute undone", "bind undone", "parse undone", "ErrorResponse ERROR 42601 \"x\"");
        assertThat(expected.size()).isEqualTo(2);
        assertThat(expected.isSkipping()).isFalse();
    }

    @Test
    void afterAnErrorWithoutSyncWhatIsSentIsOwedNothingUpToSync() {
        expected.add(Kind.PARSE, Action.FORWARD, effect("parse"));
        receive("ErrorResponse 42601 x");
        log.clear();

        expected.add(Kind.BIND, Action.FORWARD, effect("late"));
        boolean skipping = expected.isSkipping();
        expected.add(Kind.SYNC, Action.FORWARD, null);
        receive("ReadyForQuery E");

        assertThat(skipping).isTrue();
        assertThat(expected.isSkipping()).isFalse();
        assertThat(log).containsExactly("late undone", "failed FAILED", "ReadyForQuery E", "quiet");
    }

    @ParameterizedTest
    @CsvSource({"QUERY", "FUNCTION_CALL", "SYNC"})
    void anErrorLeavesWhatWaitsForItsReadyForQuery(Kind kind) {
        expected.add(kind, Action.FORWARD, effect("it"));

        receive("ErrorResponse 22012 x");
        int owed = expected.size();
        receive("ReadyForQuery I");

        assertThat(owed).isEqualTo(1);
        assertThat(log)
                .containsExactly(
                        "ErrorResponse ERROR 22012 \"x\"", "it undone", "failed IDLE", "ReadyForQuery I", "quiet");
    }

    @Test
    void theErrorOfASwallowedRequestIsPassedOn() {
        expected.add(Kind.PARSE, Action.SWALLOW, effect("replay"));
        expected.add(Kind.BIND, Action.FORWARD, effect("bind"));
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("ErrorResponse 42P01 gone; ReadyForQuery I");

        assertThat(log)
                .containsExactly(
                        "bind undone",
                        "replay undone",
                        "failed IDLE",
                        "ErrorResponse ERROR 42P01 \"gone\"",
                        "ReadyForQuery I",
                        "quiet");
    }

    @Test
    void aSwallowedReplyIsNotSeen() {
        expected.add(Kind.PARSE, Action.SWALLOW, effect("replay"));
        expected.add(Kind.BIND, Action.FORWARD, effect("bind"));

        receive("ParseComplete; BindComplete");

        assertThat(log).containsExactly("replay confirmed", "bind confirmed", "BindComplete");
    }

    @Test
    void theRoutersOwnAnswerComesInItsPlace() {
        expected.add(Kind.EXECUTE, Action.FORWARD, null);
        expected.add(Kind.PARSE, Action.SYNTHESIZE, new FixedAnswer(FixedAnswer.PARSE_COMPLETE, effect("own")));
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("DataRow [1]; CommandComplete \"SELECT 1\"; ReadyForQuery I");

        assertThat(log)
                .containsExactly(
                        "DataRow [1]",
                        "CommandComplete \"SELECT 1\"",
                        "own confirmed",
                        "own: ParseComplete",
                        "ready IDLE",
                        "ReadyForQuery I",
                        "quiet");
    }

    @Test
    void theRoutersErrorReplacesTheBackends() {
        expected.add(Kind.PARSE, Action.SUBSTITUTE_ERROR, new SubstituteError(RouterErrors.unknownStatement("s")));
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("ErrorResponse 42601 x; ReadyForQuery E");

        assertThat(log)
                .containsExactly(
                        "own: ErrorResponse ERROR 26000 \"prepared statement \\\"s\\\" does not exist\"",
                        "failed FAILED",
                        "ReadyForQuery E",
                        "quiet");
    }

    @Test
    void syncsWithinACopyAreOwedNothing() {
        expected.add(Kind.EXECUTE, Action.FORWARD, null);
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("CopyInResponse");
        int owed = expected.size();
        expected.add(Kind.SYNC, Action.FORWARD, null);
        expected.add(Kind.COPY_END, Action.FORWARD, null);
        expected.add(Kind.SYNC, Action.FORWARD, null);
        boolean copying = expected.isCopyingIn();
        receive("CommandComplete \"COPY 1\"; ReadyForQuery I");

        assertThat(owed).isEqualTo(1);
        assertThat(copying).isFalse();
        assertThat(log)
                .containsExactly(
                        "CopyInResponse", "ready IDLE", "CommandComplete \"COPY 1\"", "ReadyForQuery I", "quiet");
    }

    @Test
    void theEndOfACopyThatWasSentAheadEndsTheStretch() {
        expected.add(Kind.EXECUTE, Action.FORWARD, null);
        expected.add(Kind.SYNC, Action.FORWARD, null);
        expected.add(Kind.COPY_END, Action.FORWARD, null);
        expected.add(Kind.SYNC, Action.FORWARD, null);

        receive("CopyInResponse");

        assertThat(expected.isCopyingIn()).isFalse();
        assertThat(expected.size()).isEqualTo(2);
        assertThat(expected.readyForQueryCount()).isEqualTo(1);
    }

    @Test
    void theEndOfACopyThatNeverBeganWaitsForNothing() {
        expected.add(Kind.QUERY, Action.FORWARD, null);
        expected.add(Kind.COPY_END, Action.FORWARD, null);

        receive("ErrorResponse 42P01 x; ReadyForQuery I");

        assertThat(expected.isEmpty()).isTrue();
        assertThat(log).endsWith("ReadyForQuery I", "quiet");
    }

    @Test
    void anErrorEndsACopy() {
        expected.add(Kind.EXECUTE, Action.FORWARD, null);

        receive("CopyInResponse; ErrorResponse 22P02 x");

        assertThat(expected.isCopyingIn()).isFalse();
        assertThat(expected.isSkipping()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "PARSE,BindComplete",
        "BIND,ParseComplete",
        "EXECUTE,ReadyForQuery I",
        "SYNC,CommandComplete x",
        "PARSE,NoData"
    })
    @Case("M08")
    void aReplyThatNothingAskedForEndsTheConnection(Kind kind, String reply) {
        expected.add(kind, Action.FORWARD, null);

        receive(reply);

        assertThat(log).containsExactly("lost 08P01");
        assertThat(backend.isOpen()).isFalse();
    }

    @Test
    void aLostBackendUndoesEverythingNewestFirst() {
        expected.add(Kind.PARSE, Action.FORWARD, effect("first"));
        expected.add(Kind.PARSE, Action.FORWARD, effect("second"));

        backend.die();

        assertThat(log).containsExactly("lost 08006", "second undone", "first undone");
    }

    @Test
    void growsAndKeepsTheOrder() {
        for (int i = 0; i < 100; i++) {
            expected.add(Kind.PARSE, Action.FORWARD, effect("e" + i));
            if (i % 3 == 0) {
                receive("ParseComplete");
            }
        }
        while (!expected.isEmpty()) {
            receive("ParseComplete");
        }

        log.removeIf("ParseComplete"::equals);
        assertThat(log)
                .hasSize(100)
                .startsWith("e0 confirmed", "e1 confirmed")
                .endsWith("e98 confirmed", "e99 confirmed");
    }

    private void receive(String messages) {
        backend.send(MessageText.encode(Direction.FROM_BACKEND, messages), Fragmenter.whole(), true);
    }

    private ReplyEffect effect(String name) {
        return new ReplyEffect() {
            @Override
            public void onConfirmed() {
                log.add(name + " confirmed");
            }

            @Override
            public void onUndone() {
                log.add(name + " undone");
            }

            @Override
            public void onParameterDescription(ByteBuf buffer, int index) {
                log.add(name + " described");
            }
        };
    }

    /** Writes down what it hears. */
    private final class Holder implements BackendHolder {
        @Override
        public void onRun(ByteBuf buffer, int index, int length) {
            byte[] bytes = new byte[length];
            buffer.getBytes(index, bytes);
            log.addAll(MessageText.decode(Direction.FROM_BACKEND, bytes));
        }

        @Override
        public void onSynthesized(ByteBuf messages) {
            byte[] bytes = new byte[messages.readableBytes()];
            messages.readBytes(bytes);
            messages.release();
            MessageText.decode(Direction.FROM_BACKEND, bytes).forEach(message -> log.add("own: " + message));
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
            log.add("lost " + cause.sqlState());
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
