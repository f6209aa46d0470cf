// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sequence;

import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.error.LogText;
import io.trunkline.error.RouterError;
import io.trunkline.wire.ErrorResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection to one primary that is opened when there is something to ask, and kept.
 *
 * <p>Questions are asked one after the other. A connection that breaks fails what waits; the next question opens another one. Confined to one event
 * loop.
 */
final class PrimaryLink {
    /** How long a server may take for one statement; then the connection is given up. */
    static final Duration STATEMENT_LIMIT = Duration.ofSeconds(10);

    /** Each sequence has a question at a time, after the look. */
    private static final int ROWS_MAX = 10_000;

    /** What is done with the answer; one of the two is called, once, unless the link is closed. */
    interface Answer {
        void onRows(List<List<@Nullable String>> rows);

        /** There is none; whether the statement has had an effect is not known. */
        void onProblem(String problem);
    }

    private record Question(String sql, Answer answer) {}

    private final BackendTarget target;
    private final BackendConnector connector;
    private final ArrayDeque<Question> questions = new ArrayDeque<>();
    private @Nullable BackendConnection backend;
    /** The first of the questions is being asked, or waits for the connection. */
    private boolean busy;

    private boolean closed;

    PrimaryLink(BackendTarget target, BackendConnector connector) {
        this.target = target;
        this.connector = connector;
    }

    BackendTarget target() {
        return target;
    }

    void ask(String sql, Answer answer) {
        questions.add(new Question(sql, answer));
        next();
    }

    /** Ends without a word. */
    void close() {
        closed = true;
        questions.clear();
        if (backend != null) {
            backend.close("sequences are no longer supplied");
        }
    }

    /** Another node is the primary now: whoever waits for an answer hears that there is none. */
    void replaced() {
        List<Question> open = List.copyOf(questions);
        close();
        open.forEach(question -> question.answer.onProblem("another node became the primary"));
    }

    private void next() {
        Question question = questions.peek();
        if (busy || question == null) {
            return;
        }
        busy = true;
        BackendConnection open = backend;
        if (open != null && open.isOpen()) {
            send(open, question);
        } else {
            connect();
        }
    }

    private void connect() {
        connector.connect(target, new BackendConnector.Listener() {
            @Override
            public void onConnected(BackendConnection connected) {
                if (closed) {
                    connected.close("sequences are no longer supplied");
                    return;
                }
                backend = connected;
                busy = false;
                next();
            }

            @Override
            public void onFailed(RouterError error) {
                if (!closed) {
                    failAll(words(error.response()));
                }
            }
        });
    }

    private void send(BackendConnection open, Question question) {
        open.query(question.sql, ROWS_MAX, STATEMENT_LIMIT, new BackendConnection.QueryListener() {
            @Override
            public void onRows(List<List<@Nullable String>> rows) {
                if (!closed) {
                    rest(open);
                    question.answer.onRows(rows);
                    next();
                }
            }

            @Override
            public void onError(ErrorResponse error) {
                if (closed) {
                    return;
                }
                if (open.isOpen() && !error.isFatal()) {
                    rest(open);
                    question.answer.onProblem(words(error));
                    next();
                } else {
                    open.close("lost");
                    failAll(words(error));
                }
            }
        });
    }

    private void rest(BackendConnection open) {
        busy = false;
        questions.poll();
        // One that is lost meanwhile is found closed at the next question.
        open.becomeIdle((lost, cause) -> {});
    }

    private void failAll(String problem) {
        busy = false;
        List<Question> failed = List.copyOf(questions);
        questions.clear();
        failed.forEach(question -> question.answer.onProblem(problem));
        next();
    }

    /** Returns what a node said as it may be logged; the node is not trusted. */
    private static String words(ErrorResponse error) {
        return error.sqlState() + ": " + LogText.quoted(error.message());
    }
}
